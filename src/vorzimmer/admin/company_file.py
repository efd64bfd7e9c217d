"""The company file: from text to records, every error with its line and its key path.

It checks each record by itself; whether the company as a whole makes sense is judged after merging (``rules.py``). This
module must never look at what is stored.
"""

from dataclasses import dataclass, field
from typing import Any

from vorzimmer.admin.check import Fault, check_record, said, unknown
from vorzimmer.admin.merge import identity
from vorzimmer.admin.problems import BadFileError, Problem
from vorzimmer.admin.yaml_reader import Document, plain, read_yaml
from vorzimmer.directory.keys import COMPANY
from vorzimmer.directory.ref import Ref
from vorzimmer.directory.schema import Kind, Schema
from vorzimmer.directory.walk import Path, show


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A record as the file has it. `at` is its path in the document."""

    ref: Ref
    data: dict[str, Any]
    at: Path


@dataclass(slots=True)
class CompanyFile:
    """A read file: its records in the order of the schema, the sections that are present, and the document's lines."""

    company: str
    records: dict[Ref, FileRecord] = field(default_factory=dict)
    sections: set[str] = field(default_factory=set)
    document: Document = field(default_factory=Document)

    def line(self, ref: Ref, path: Path = ()) -> int | None:
        """The line of a place in a record; None if the record is not in the file."""
        record = self.records.get(ref)
        return self.document.line((*record.at, *path)) if record else None


def read_company_file(text: str, schema: Schema) -> CompanyFile:
    """Read and check the text of a company file. Raises BadFileError with all problems found."""
    document = read_yaml(text)
    if not isinstance(document.data, dict):
        raise BadFileError([Problem("", f"a company file is a mapping with keys, not {said(document.data)}", 1)])
    reader = _Reader(schema, document)
    reader.read()
    if reader.problems:
        raise BadFileError(reader.problems)
    return reader.file


class _Reader:
    """One reading: collects records and problems."""

    def __init__(self, schema: Schema, document: Document) -> None:
        self.schema = schema
        self.document = document
        self.problems: list[Problem] = []
        self.file = CompanyFile("", document=document)

    def read(self) -> None:
        data = self.document.data
        for name in data:
            if name not in self.schema.by_section:
                self.bad((name,), unknown(name, tuple(self.schema.by_section)))
        self.company(data)
        for kind in self.schema.kinds:
            if kind.section in data and kind.name != COMPANY.name:
                self.section(kind, data[kind.section])

    def company(self, data: dict[str, Any]) -> None:
        found = data.get(COMPANY.section)
        ident = found.get("id") if isinstance(found, dict) else None
        if not isinstance(ident, str):
            self.bad((COMPANY.section,), "company.id is missing: it says which company this is")
            return
        self.file.company = ident
        self.record(COMPANY, found, (COMPANY.section,))

    def section(self, kind: Kind[Any], elements: object) -> None:
        if not isinstance(elements, list):
            self.bad((kind.section,), f"must be a list, not {said(elements)}")
            return
        self.file.sections.add(kind.section)
        for position, element in enumerate(elements):
            self.record(kind, element, (kind.section, position))

    def record(self, kind: Kind[Any], data: Any, at: Path) -> None:
        ident = data.get(kind.id_field) if isinstance(data, dict) else None
        if not isinstance(ident, str) or not ident:
            says = f"{kind.id_field} is missing" if isinstance(data, dict) else f"must be a mapping, not {said(data)}"
            self.bad(at, says)
            return
        ref = Ref(kind.name, ident)
        for fault in check_record(self.schema, kind, data):
            line = self.document.line((*at, *fault.path))
            self.problems.append(problem_at(kind, ref, data, fault, line))
        if ref in self.file.records:
            earlier = self.file.line(ref)
            self.bad(at, f"{kind.id_field} {said(ident)} stands twice in {kind.section}, first in line {earlier}")
            return
        self.file.records[ref] = FileRecord(ref, data, at)

    def bad(self, at: Path, says: str) -> None:
        self.problems.append(Problem(plain(at), says, self.document.line(at)))


def problem_at(kind: Kind[Any], ref: Ref, data: object, fault: Fault, line: int | None) -> Problem:
    """A fault of a record as a problem with the path that people read."""
    return Problem(show(kind.section, ref.id, named_path(data, fault.path)), fault.says, line, ref=ref, at=fault.path)


def named_path(data: object, path: Path) -> Path:
    """A path whose list positions are replaced by what the elements are called (``members[bea].weight``)."""
    steps: list[str | int] = []
    for step in path:
        inside = _inside(data, step)
        if isinstance(step, int) and isinstance(inside, dict) and identity(inside):
            steps[-1:] = [f"{steps[-1]}[{identity(inside)}]"] if steps else [identity(inside)]
        else:
            steps.append(step)
        data = inside
    return tuple(steps)


def _inside(data: object, step: str | int) -> object:
    if isinstance(step, int):
        return data[step] if isinstance(data, list | tuple) and step < len(data) else None
    return data.get(step) if isinstance(data, dict) else None
