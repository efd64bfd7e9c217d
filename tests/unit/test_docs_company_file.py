"""docs/company-file.md says what the schema says, and claims nothing by hand that is not there."""

from tools.make_company_doc import INTRODUCTION, KEPT, PAGE, page

from vorzimmer.features.catalogue import SCHEMA


def test_the_committed_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run: python tools/make_company_doc.py"


def test_every_kind_and_every_key_has_its_place() -> None:
    text = PAGE.read_text()
    assert text.startswith(INTRODUCTION.read_text().rstrip())
    for kind in SCHEMA.kinds:
        section = text.partition(f"\n## `{kind.section}`\n")[2].partition("\n## ")[0]
        fields = type.__getattribute__(kind.type, "__struct_encode_fields__")
        for name in (*fields, *SCHEMA.keys_on[kind.name]):
            assert f"| `{name}" in section


def test_what_is_kept_and_not_acting_exists() -> None:
    for kind, names in KEPT.items():
        section = page().partition(f"\n## `{SCHEMA.by_kind[kind].section}`\n")[2].partition("\n## ")[0]
        rows = [line for line in section.splitlines() if line.startswith("| `")]
        for name in names:
            assert any(row.startswith((f"| `{name}`", f"| `{name}.")) and row.endswith("not yet |") for row in rows)
