"""Mutate valid files and kill processes: what is refused, what heals, what is wrong."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

from human_wm_cli.console import Row, print_report, run_script, say
from human_wm_env import ConfigError

KILLS, IMPORT = "kills", "import"
STANDARD = ["film", "response", "agents", "training", "stage", "people", "posteriors"]


@dataclass(frozen=True)
class FuzzConfig:
    """Settings of the command.

    Attributes:
        kinds: what is mutated: film and response (checkpoints), agents, training (by
            stable-baselines3), stage (of pretraining), people and posteriors (caches), csv (logs);
            or kills: processes are killed at random and gone on with;
            or import: an export of a tracker is damaged and imported.
        source: path of that export, a folder or a file.
        format: name of its format; null recognises it.
        count: mutants of all kinds together, or kills.
        seed: of the first mutant; mutant i of a kind has seed + i.
        json: print one JSON object instead of a table.
    """

    kinds: list[str] = field(default_factory=lambda: list(STANDARD))
    source: str | None = None
    format: str | None = None
    count: int = 200
    seed: int = 0
    json: bool = False

    def __post_init__(self) -> None:
        if (self.kinds == [IMPORT]) != (self.source is not None):
            raise ConfigError(
                "source=PATH with kinds=[import], and with no other",
                f"kinds={self.kinds}, source={self.source}",
                "Name the export that is to be damaged.",
            )

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        return {} if self.source else {"format": "It is that of the source of kinds=[import]."}


def main(config: FuzzConfig) -> None:
    """Damage files and say what comes of it; each mutant has 10 seconds and 1 GB.

    A mutant whose checksums are the old ones has to be refused by an error of ours, or to make no
    difference; with new checksums it may be another valid one. Exit code 1 says that something else
    happened. Examples:
    humanwm fuzz count=10000
    humanwm fuzz kinds=[csv] count=10000
    humanwm fuzz kinds=[kills] count=50
    humanwm fuzz kinds=[import] source=MyExport count=1000
    """
    if config.kinds == [KILLS]:
        from human_wm_cli.fuzzing.kills import kill_and_go_on

        rows, faults = kill_and_go_on(config.count, config.seed)
    else:
        rows, faults = _mutants(config)
    print_report(rows, json=config.json, result={"rows": list(rows), "faults": faults})
    for line in faults:
        say(line)
    if faults:
        raise SystemExit(1)


def _mutants(config: FuzzConfig) -> tuple[list[Row], list[str]]:
    from human_wm_cli.fuzzing.artifacts import ARTIFACTS, exports_of
    from human_wm_cli.fuzzing.isolation import OUTCOMES
    from human_wm_cli.fuzzing.mutants import fuzz

    export = exports_of(Path(config.source), config.format) if config.source else None
    for kind in config.kinds if export is None else ():
        if kind not in ARTIFACTS:
            known = ", ".join([*ARTIFACTS, KILLS, IMPORT])
            alone = f"{KILLS} and {IMPORT} are kinds for themselves."
            raise ConfigError(f"kinds out of {known}", repr(kind), alone)
    rows: list[Row] = []
    faults: list[str] = []
    shares = [
        len(range(place, config.count, len(config.kinds))) for place in range(len(config.kinds))
    ]
    with tqdm(total=config.count, unit="mutant", file=sys.stderr, disable=None) as bar:
        for kind, count in zip(config.kinds, shares, strict=True):
            tally = fuzz(kind, range(config.seed, config.seed + count), bar.update, export)
            for checksum, counts in (("old", tally.kept), ("new", tally.remade)):
                outcomes = {outcome: counts[outcome] for outcome in OUTCOMES}
                rows.append({"kind": kind, "checksums": checksum, **outcomes})
            faults += tally.faults
            say(f"{kind}: {count} mutants, {len(tally.faults)} faults")
    return rows, faults


run = partial(run_script, main, FuzzConfig, "fuzz")
