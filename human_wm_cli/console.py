"""What a command says: a table for people, or one JSON object for programs."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import json as json_module
import math
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

import yaml

from human_wm_cli.config import CONFIGS_FOLDER, Schema, compose, outline
from human_wm_cli.log_warnings import each_shown_once
from human_wm_env import ConfigError, DataError, HumanWMError

# One line of a table, and an object of JSON: text, numbers, lists and further objects.
Row = Mapping[str, str | float | None]
Facts = dict[str, Any]

PRINTED_WIDTH = 100  # columns of what a command prints


class _JsonOutput:
    """The one JSON object that a command may write to the real stdout."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.written = False

    def write(self, value: Facts) -> None:
        if self.written:
            raise RuntimeError("a command prints exactly one JSON object, this is the second")
        text = to_json(value)
        self.written = True
        print(text, file=self.stream, flush=True)


_json_output: ContextVar[_JsonOutput | None] = ContextVar("_json_output", default=None)


def to_json(value: object) -> str:
    """Write plain data and NumPy values as JSON, floats exactly.

    Raises:
        DataError: NaN or infinity, which JSON cannot hold, or an unknown type.
    """
    return json_module.dumps(_jsonable(value, "the value"), indent=2, allow_nan=False)


def table(
    rows: Sequence[Row], columns: Sequence[str] | None = None, *, width: int | None = None
) -> str:
    """Align rows in columns: numbers to the right with 4 digits, text to the left.

    Args:
        rows: one mapping a row; a missing entry is shown as "-".
        columns: the order; by default that of first appearance.
        width: of the longest line; a wider table goes on below itself, a blank line between, each
            part beginning with the first column. None is one part.
    """
    names = list(columns) if columns else list(dict.fromkeys(key for row in rows for key in row))
    if not rows or not names:
        return "(no rows)"
    aligned = [_aligned(name, [row.get(name) for row in rows]) for name in names]
    return "\n\n".join(
        "\n".join("  ".join(line).rstrip() for line in zip(*part, strict=True))
        for part in _parts(aligned, width)
    )


def _aligned(name: str, values: Sequence[str | float | None]) -> list[str]:
    """Return the lines of one column, its name and a rule first, all of one width."""
    cells = [name, *map(_cell, values)]
    wide = max(map(len, cells))
    cells.insert(1, "-" * wide)
    is_number = all(_is_number(value) for value in values if value is not None)
    return [cell.rjust(wide) if is_number else cell.ljust(wide) for cell in cells]


def _parts(columns: Sequence[list[str]], width: int | None) -> list[list[list[str]]]:
    """Deal columns into parts that are no wider than `width` where two columns are not."""
    first, *others = columns
    parts, used = [[first]], len(first[0])
    for column in others:
        more = len(column[0]) + len("  ")
        if width is not None and used + more > width and len(parts[-1]) > 1:
            parts.append([first])
            used = len(first[0])
        parts[-1].append(column)
        used += more
    return parts


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write rows as a Markdown table, without a line break at its end."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows))


def markdown_rows(rows: Sequence[Row]) -> str:
    """Write the rows of a table as Markdown, cells as `table` has them."""
    names = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_cell(row.get(name)).replace("|", r"\|") for name in names] for row in rows]
    return markdown_table(names, cells) if rows else "(no rows)"


def with_paths(words: Sequence[str], setting: str, *, several: bool = False) -> list[str]:
    """Return the words of a command; paths as the first ones are what `setting` says.

    Args:
        words: of the command line.
        setting: its dotted name.
        several: it is a list: all paths, and what all `setting=` words say, become one.

    Raises:
        ConfigError: more than one path where `setting` is none, or one of them as `setting=`.
    """
    paths = list(itertools.takewhile(_is_path, words))
    head = f"{setting}="
    if several:
        others = [word for word in words[len(paths) :] if not word.startswith(head)]
        said = [word.removeprefix(head) for word in words[len(paths) :] if word.startswith(head)]
        if not paths and len(said) < 2:
            return list(words)
        joined = [*paths, *itertools.chain(*map(_listed, said))]
        return [f"{head}{json_module.dumps(joined, ensure_ascii=False)}", *others]
    if not paths:
        return list(words)
    rest = list(words[1:])
    again = [word.removeprefix(head) for word in rest if word.startswith(head)]
    again += [word for word in paths[1:] if _exists(word)]
    if again:
        raise ConfigError(
            f"{setting} once", f"{paths[0]!r} and {again[0]!r}", "Leave one of the two out."
        )
    return [f"{head}{paths[0]}", *rest]


def _is_path(word: str) -> bool:
    """Say whether a word is a path: it has no key, or there is a file of that name."""
    return not word.startswith("-") and ("=" not in word or _exists(word))


def _exists(word: str) -> bool:
    try:
        return Path(word).exists()
    except (OSError, ValueError):  # such as a name that is too long
        return False


def _listed(said: str) -> list[str]:
    """Return the paths of one `setting=` word, a path or a list of them."""
    if not said.startswith("[") or _exists(said):
        return [said]
    try:
        found = yaml.safe_load(said)
    except yaml.YAMLError:
        found = None
    return [str(each) for each in found] if isinstance(found, list) else [said]


def print_report(
    rows: Sequence[Row],
    *,
    json: bool = False,
    title: str | None = None,
    result: Facts | None = None,
    columns: Sequence[str] | None = None,
) -> None:
    """Print a result for people, within 100 columns, or as one JSON object.

    Args:
        rows: the table.
        json: print JSON instead; allowed once a command.
        title: a line above the table.
        result: what the JSON object holds; by default {"rows": rows}.
        columns: the columns of the table and their order.

    Raises:
        DataError: the JSON would hold NaN or infinity.
        RuntimeError: a second JSON object inside `run_script`.
    """
    if json:
        output = _json_output.get() or _JsonOutput(sys.stdout)
        output.write(result if result is not None else {"rows": list(rows)})
        return
    if title:
        print("\n".join(textwrap.fill(line, PRINTED_WIDTH) for line in title.split("\n")))
    print(table(rows, columns, width=PRINTED_WIDTH), flush=True)


def say(message: str) -> None:
    """Report progress, on stderr, so that stdout holds results alone."""
    print(message, file=sys.stderr, flush=True)


@contextlib.contextmanager
def bar_of(total: int, about: str, unit: str) -> Iterator[Callable[[int], object]]:
    """Give what moves a progress bar, which nobody sees where stderr is no terminal."""
    from tqdm.auto import tqdm

    with tqdm(total=total, desc=about, unit=unit, disable=None) as bar:
        yield bar.update


def run_script(
    main: Callable[[Schema], object],
    schema: type[Schema],
    name: str,
    arguments: Sequence[str] | None = None,
    *,
    path: str | None = None,
    several: bool = False,
    configs_folder: Path | str = CONFIGS_FOLDER,
) -> None:
    """Run a command on its words.

    With `json=true` all that `main` prints goes to stderr, but for the one object of
    `print_report(..., json=True)`. A HumanWMError ends the program with exit code 2
    and one paragraph on stderr, with `json=true` as {"error": {"type", "message"}} on
    stdout.

    Args:
        main: gets the configuration; its docstring heads the help, and its module names the
            command.
        schema: the configuration's dataclass; a field `json: bool` selects JSON.
        name: that of its YAML file.
        arguments: the overrides; by default those of the command line.
        path: the setting that a path as the first word gives; None is none.
        several: see `with_paths`.
        configs_folder: the folder with the YAML files.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    asks_for_help = any(word in ("-h", "--help") for word in words)
    output = _JsonOutput(sys.stdout)
    as_json = is_switched_on("json", words)
    try:
        _check_letters(words)
        if path is not None:
            words = with_paths(words, path, several=several)
        if asks_for_help:
            overrides = [word for word in words if word not in ("-h", "--help")]
            settings = outline(schema, name, overrides, configs_folder)
            print(_usage(main, settings, path, several=several), end="")
            return
        config = compose(schema, name, words, configs_folder)
        as_json = bool(getattr(config, "json", False))
        with each_shown_once(), _json_only(output) if as_json else contextlib.nullcontext():
            main(config)
    except HumanWMError as error:
        if as_json and not output.written:
            output.write({"error": {"type": type(error).__name__, "message": str(error)}})
        else:
            say(f"{type(error).__name__}: {error}")
        raise SystemExit(2) from None
    if as_json and not output.written:
        raise RuntimeError(f"{name} printed no JSON: call print_report(..., json=config.json)")


def _check_letters(words: Sequence[str]) -> None:
    """Refuse words that are no text, such as the name of a file in another encoding."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise ConfigError(
                "words in the encoding of this terminal",
                ascii(word),
                "Rename the file, or set PYTHONUTF8=1 where the terminal has UTF-8.",
            ) from error


@contextlib.contextmanager
def _json_only(output: _JsonOutput) -> Iterator[None]:
    token = _json_output.set(output)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        _json_output.reset(token)


def is_switched_on(key: str, words: Sequence[str]) -> bool:
    """Read a true-or-false setting from the words alone, before anything is composed."""
    values = [word.partition("=")[2] for word in words if word.startswith(f"{key}=")]
    return bool(values) and values[-1].lower() in ("true", "yes", "on", "1")


def _usage(main: Callable[..., object], settings: str, path: str | None, *, several: bool) -> str:
    about = inspect.getdoc(main)
    command = main.__module__.rpartition(".")[2].replace("_", "-")
    words, note = "", ""
    if path is not None:
        words = "[PATH ...] " if several else "[PATH] "
        note = f" (PATH sets {path})"
    return (
        f"usage: humanwm {command} {words}[group=NAME | group.key=value | key=value] ...\n\n"
        + (f"{about}\n\n" if about else "")
        + f"Settings and their values{note}:\n\n{settings}"
    )


def _jsonable(value: object, place: str) -> object:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(entry, repr(str(key))) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(entry, place) for entry in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise DataError(
                f"a finite number for {place}",
                str(value),
                "Leave it out, or give None where there is nothing to report.",
            )
        return float(value)
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # NumPy, MLX and Torch arrays and scalars
        return _jsonable(value.tolist(), place)
    raise DataError(
        f"numbers, text, lists and mappings for {place}",
        type(value).__name__,
        "Convert it first.",
    )


def _is_number(value: object) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, bool)


def _cell(value: str | float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or not _is_number(value):
        return " ".join(str(value).split())
    return f"{float(value):.4g}"
