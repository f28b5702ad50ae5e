"""Turn exports of trackers and diaries into a folder of logs that every command reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from human_wm_cli.console import Row, print_report, run_script, say
from human_wm_env import ConfigError, write_logs
from human_wm_env.wording import counted, counted_people


@dataclass(frozen=True)
class ImportConfig:
    """Settings of the command.

    Attributes:
        source: path of an export, a folder, a zip or a file; several may be named, in order of
            priority, as source=A source=B, or first of all without `source=`.
        out: folder to write, new or of an earlier import.
        format: name of the format; null recognises it by the content.
        person: id of the person, for exports that name nobody; null is "me".
        timezone: of the person, such as Europe/Oslo; null infers it where possible.
        naps: add naps to the night before.
        merge: "cell": each cell is from the first source that has it; "day": a whole day is.
        repeated: which of two different values of one cell stays, "first" or "last".
        strict: fail at the first value that cannot be used.
        ids: "salted" digests of the ids of the exports, or "plain".
        replace: let people of an earlier import go who are not in these sources.
        map: a YAML file for tables and diaries: `columns` (theirs: ours, as in `Schlaf:
            sleep_hours (min)`), `categories` (by feature, theirs: ours) and `decimal` ("," or ".").
        date_format: for tables, such as %d/%m/%Y, where dates may be read in two ways.
        json: print one JSON object instead of tables.
    """

    source: list[str]
    out: str
    format: str | None = None
    person: str | None = None
    timezone: str | None = None
    naps: bool = False
    merge: str = "cell"
    repeated: str = "first"
    strict: bool = False
    ids: str = "salted"
    replace: bool = False
    map: str | None = None
    date_format: str | None = None
    json: bool = False


def main(config: ImportConfig) -> None:
    """Turn exports of trackers and diaries into a folder of logs.

    Every value read is kept, merged or rejected, and every missing cell has its reason.
    Example: humanwm import source=MyFitbitData.zip out=logs
    Then, for instance: humanwm audit data.source=logs
    """
    manifest = write_logs(
        config.source,
        config.out,
        format=config.format,
        person=config.person,
        timezone=config.timezone,
        naps=config.naps,
        merge=config.merge,
        repeated=config.repeated,
        strict=config.strict,
        ids=config.ids,
        replace=config.replace,
        date_format=config.date_format,
        **_read_map(config.map),
    )
    if config.json:
        print_report([], json=True, result=manifest)
        return
    print_report(
        manifest["counts"],
        title=f"{counted_people(manifest['people'])}, "
        f"{counted(manifest['person_days'], 'person-day')} in "
        f"{config.out}; values: read = kept + merged + rejected",
    )
    print()
    print_report(_shares(manifest["cells"]), title="Cells, in % of the days: why they are missing")
    for why in manifest["rejected"]:
        say(f"rejected: {why}")
    for kind, entries in manifest["unused"].items():
        say(f"not used: {entries} x {kind}")
    for note in manifest["notes"]:
        say(f"note: {note}")


def _shares(cells: Mapping[str, Mapping[str, int]]) -> list[Row]:
    """Return a row a feature: shares of the reasons that occur at all, in percent."""
    occurring = [
        word
        for word in next(iter(cells.values()))
        if any(reasons[word] for reasons in cells.values())
    ]
    return [
        {"feature": name}
        | {word: f"{100 * reasons[word] / sum(reasons.values()):.1f}" for word in occurring}
        for name, reasons in cells.items()
    ]


def _read_map(file: str | None) -> dict[str, Any]:
    """Return the columns, categories and decimal sign of a YAML file."""
    if file is None:
        return {}
    try:
        found = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError("map as a YAML file", f"{file} ({error})", "Check it.") from error
    known = {"columns", "categories", "decimal"}
    if not isinstance(found, dict) or not found.keys() <= known:
        raise ConfigError(
            "a map with `columns`, `categories` and `decimal`",
            f"{found!r}"[:200],
            "See docs/bring_your_own_data.md.",
        )
    columns, categories = found.get("columns") or {}, found.get("categories") or {}
    if not isinstance(categories, dict):
        raise ConfigError("categories by feature", f"{categories!r}"[:80], "See the docs.")
    for where, names in {"columns": columns, **categories}.items():
        pairs = list(names.items()) if isinstance(names, dict) else [(names, None)]
        for pair in pairs:
            if not all(isinstance(text, str) for text in pair):
                raise ConfigError(
                    f"texts in {where} of the map, as in `theirs: ours`",
                    f"{pair[0]!r}: {pair[1]!r}",
                    'Quote what looks like a number: `"1": Stressed`.',
                )
    return {"columns": columns, "categories": categories, "decimal": found.get("decimal")}


run = partial(run_script, main, ImportConfig, "import", path="source", several=True)
