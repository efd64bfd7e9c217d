"""YAML 1.2 to plain values with the line of every key and element.

Nothing but mappings with text keys, lists, texts, whole and decimal numbers, true, false and null comes out: no tags,
no objects, no endless aliases. YAML 1.1's ``off`` and ``17:00`` stay texts. This module must never know a company.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from vorzimmer.admin.problems import BadFileError, Problem
from vorzimmer.directory.walk import Path

MAX_BYTES: Final = 128 * 1024 * 1024
MAX_VALUES: Final = 20_000_000
MAX_DEPTH: Final = 40
_TAG: Final = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Document:
    """A read file: `data`, and the line (from 1) of every path."""

    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """The line of a path, of its nearest parent if the path itself is not in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read_yaml(text: str) -> Document:
    """Read one document. Raises BadFileError with the line."""
    if len(text) > MAX_BYTES:
        raise BadFileError([Problem("", f"the file is longer than {MAX_BYTES} bytes")])
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 2)
    try:
        root = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise BadFileError([Problem("", f"no valid YAML: {error.problem or error.context}", line)]) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise BadFileError([Problem("", f"no valid YAML: {str(error).splitlines()[0]}")]) from error
    return _Builder().build(root)


class _Builder:
    """Turns nodes into values, counting so that aliases cannot explode."""

    def __init__(self) -> None:
        self._document = Document()
        self._count = 0

    def build(self, root: Node | None) -> Document:
        if root is not None:
            self._document.lines[()] = root.start_mark.line + 1
            self._document.data = self._value(root, ())
        return self._document

    def _value(self, node: Node, path: Path) -> Any:
        self._count += 1
        if self._count > MAX_VALUES or len(path) > MAX_DEPTH:
            raise BadFileError([Problem("", "too many or too deeply nested values", node.start_mark.line + 1)])
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return self._sequence(node, path)
        return _scalar(node)

    def _sequence(self, node: SequenceNode, path: Path) -> list[Any]:
        found = []
        for position, element in enumerate(node.value):
            inner = (*path, position)
            self._document.lines[inner] = element.start_mark.line + 1
            found.append(self._value(element, inner))
        return found

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str):
                raise BadFileError([Problem(plain(path), "a key must be a text", line)])
            if key in found:
                raise BadFileError([Problem(plain((*path, key)), "the key stands here twice", line)])
            self._document.lines[(*path, key)] = line
            found[key] = self._value(value_node, (*path, key))
        return found


def _scalar(node: Node) -> Any:
    tag = str(node.tag).removeprefix(_TAG)
    text = node.value
    try:
        if tag == "null":
            return None
        if tag == "bool":
            return text.lower() == "true"
        if tag == "int":
            return int(text.replace("_", ""), 0) if text[:2].lower() in {"0x", "0o"} else int(text.replace("_", ""))
        if tag == "float":
            return float(text.replace("_", ""))
    except ValueError:
        return text
    if tag in {"str", "timestamp"}:
        return text
    raise BadFileError([Problem("", f"tags such as {node.tag} are not allowed", node.start_mark.line + 1)])


def plain(path: Path) -> str:
    """A path of the raw document: ``users[3].name``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
