"""`vorzimmer export`: a company as one file, such that applying it again is an empty diff.

Records are kept in the file's own form, so an export is what was applied, with secrets as their source. Only with the
explicit flag it is a backup that holds the secrets themselves. This module must never read a secret without that flag.
"""

from typing import Any

from vorzimmer.admin.secret_plan import SecretLeaf, effective_secrets, put_at
from vorzimmer.admin.yaml_writer import write_yaml
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.record import Entry
from vorzimmer.directory.repository import Secrets
from vorzimmer.directory.snapshot import Snapshot

_HEAD = "# {name}, revision {revision}. Apply it with: vorzimmer apply FILE\n"
_WARNING = "# This file holds passwords: it is a backup, keep it as safe as the server.\n"


def export_company(book: Snapshot, secrets: Secrets | None = None) -> str:
    """The company file. With `secrets` it is a backup: encrypted ones in plain text, hashed ones as their hash."""
    head = _HEAD.format(name=book.company.id, revision=book.revision) + (_WARNING if secrets is not None else "")
    return head + write_yaml(export_data(book, secrets))


def export_data(book: Snapshot, secrets: Secrets | None = None) -> dict[str, Any]:
    """The company file as plain values."""
    data: dict[str, Any] = {}
    for kind in book.schema.kinds:
        records = [_record(book, entry, secrets) for entry in book.entries(kind.name)]
        if kind.name == COMPANY.name:
            data[kind.section] = records[0]
        elif records:
            data[kind.section] = records
    return data


def _record(book: Snapshot, entry: Entry, secrets: Secrets | None) -> dict[str, Any]:
    if secrets is None:
        return entry.data
    data = entry.data
    for leaf in effective_secrets(book.schema, entry.ref, data):
        text = secrets.reveal(*entry.ref, leaf.field)
        if text is not None:
            data = _with_secret(data, leaf, text)
    return data


def _with_secret(data: dict[str, Any], leaf: SecretLeaf, text: str) -> dict[str, Any]:
    copy: dict[str, Any] = put_at(data, leaf.path, {"hash" if leaf.form == "hashed" else "value": text})
    return copy
