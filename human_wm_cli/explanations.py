"""What each setting means, read off the `Attributes:` of the dataclasses that have them."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass

_COLUMN, _WIDTH = 38, 100
_ATTRIBUTE = re.compile(r"(\w+(?:, \w+)*): (.*)")
_KEY = re.compile(r"( *)(\w+):")


def attributes_of(schema: type) -> dict[str, str]:
    """Return what a dataclass says of its fields; its bases say what it does not."""
    found: dict[str, str] = {}
    for each in reversed(schema.__mro__[:-1]):
        found |= {
            name: text
            for name, text in _attributes(inspect.cleandoc(each.__doc__ or ""))
            if not (name in found and text.startswith("as in"))
        }
    names = [field.name for field in fields(schema)] if is_dataclass(schema) else []
    return {name: found[name] for name in names if name in found}


def _attributes(doc: str) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the section `Attributes:` of a cleaned docstring."""
    _, _, section = doc.partition("Attributes:\n")
    entries: list[tuple[str, list[str]]] = []
    for line in section.splitlines():
        own = line[4:]
        if line.strip() and not line.startswith("    "):
            break  # the next section
        begins = _ATTRIBUTE.fullmatch(own) if not own.startswith(" ") else None
        if begins:
            entries.append((begins[1], [begins[2]]))
        elif entries and line.strip():
            entries[-1][1].append(own.strip())
    for names, lines in entries:
        yield from _split(names, " ".join(lines))


def _split(names: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield one entry a name: a text may go on with other names, as "a: this; b: that"."""
    for name in names.split(", "):
        yield name, text
    for name, further in re.findall(r"; (\w+): ([^;]*)", text):
        yield name, further


def annotated(yaml: str, group: Callable[[tuple[str, ...]], type | None]) -> str:
    """Add what settings mean to YAML, as comments in lines of at most 100 columns.

    Args:
        yaml: settings, nested by two blanks.
        group: returns the dataclass that a key path leads to, () being the whole; None where it
            leads to a value.
    """
    lines: list[str] = []
    path: list[str] = []
    for line in yaml.splitlines():
        lines.append(line)
        key = _KEY.match(line)
        if not key:
            continue
        del path[len(key[1]) // 2 :]
        schema = group(tuple(path))
        path.append(key[2])
        text = attributes_of(schema).get(key[2]) if schema else None
        if text:
            lines[-1:] = _beside(line, text)
    return "\n".join(lines)


def _beside(line: str, text: str) -> list[str]:
    plain = re.sub(r"\bNone\b", "null", text.replace("`", "")).rstrip(".")  # as YAML has it
    comments = [f"# {part}" for part in textwrap.wrap(plain, _WIDTH - _COLUMN - 2)]
    before, begin = ([], line) if len(line) < _COLUMN else ([line], "")
    first, *others = comments
    return [*before, begin.ljust(_COLUMN) + first, *(" " * _COLUMN + each for each in others)]
