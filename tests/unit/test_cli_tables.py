"""What the command line prints of calls: whole, on one line each, whatever callers wrote."""

import pytest

from vorzimmer.cli.history import table


def test_rows_are_never_cut_because_ids_are_there_to_be_copied(capsys: pytest.CaptureFixture[str]) -> None:
    table(("call", "to", "outcome"), [["0d0b749afa385f02", "x" * 60, "answered"], ["0123456789abcdef", "1", "busy"]])
    head, first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["0d0b749afa385f02", "x" * 60, "answered"]
    assert head.index("outcome") == first.index("answered") == second.index("busy")


@pytest.mark.parametrize("hostile", ["a\x1b[31mb", "a\nb", "a\u202eb", "[bold]b", "=1+1", "x" * 10_000])
def test_what_callers_wrote_stays_in_its_cell(capsys: pytest.CaptureFixture[str], hostile: str) -> None:
    table(("from",), [[hostile]])
    _, row = capsys.readouterr().out.splitlines()
    assert row.isprintable()
    assert len(row) <= 60


def test_nothing_to_show_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    table(("call",), [])
    assert capsys.readouterr().out == "none\n"
