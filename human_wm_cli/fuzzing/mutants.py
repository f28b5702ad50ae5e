"""Many mutants of every kind of file, each used in a process of its own."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from human_wm_cli.fuzzing.artifacts import ARTIFACTS, Artifact
from human_wm_cli.fuzzing.isolation import DIFFERENT, IDENTICAL, TYPED, Ending, isolated
from human_wm_cli.fuzzing.mutations import copy_of, mutate

IMPORT = "import"
# Without checksums: a mutant may be another valid one.
UNSEALED = ("csv", IMPORT)


@dataclass
class Tally:
    """How the mutants of one kind ended.

    Attributes:
        kept, remade: mutants by outcome, with the old checksums and with new ones.
        faults: what should not have happened, to be looked at; each with its seed.
    """

    kept: Counter[str] = field(default_factory=Counter)
    remade: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def fuzz(
    kind: str,
    seeds: Sequence[int],
    progress: Callable[[int], object] = lambda count: None,
    artifact: Artifact | None = None,
) -> Tally:
    """Use one mutant for each seed.

    Args:
        kind: out of ARTIFACTS, or IMPORT.
        seeds: of the mutants; the same seed is the same mutant.
        progress: called with 1 after each.
        artifact: what is mutated; None is that of the kind.

    Raises:
        RuntimeError: a valid one cannot be used, or not twice alike.
    """
    artifact, tally = artifact or ARTIFACTS[kind], Tally()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        whole, mutant = Path(name) / "whole", Path(name) / "mutant"
        whole.mkdir()
        if artifact.warm:
            artifact.make(whole)
            artifact.use(copy_of(whole, mutant))
        made = isolated(lambda: str(artifact.make(whole)))
        valid = [isolated(lambda: artifact.use(copy_of(whole, mutant))) for _ in range(2)]
        if made.outcome != IDENTICAL or valid[0] != valid[1] or valid[0].outcome != IDENTICAL:
            raise RuntimeError(f"{kind}: a valid one ends as {made}, {valid}")
        for seed in seeds:
            copy_of(whole, mutant)
            mutation = mutate(mutant, np.random.default_rng([seed, len(kind)]))
            ending = _compared(isolated(lambda: artifact.use(mutant)), valid[0])
            (tally.kept if mutation.keeps_seal else tally.remade)[ending.outcome] += 1
            sealed = mutation.keeps_seal and kind not in UNSEALED
            fine = (TYPED, IDENTICAL) if sealed else (TYPED, IDENTICAL, DIFFERENT)
            if ending.outcome not in fine:
                seal = "old" if mutation.keeps_seal else "new"
                what = f"{mutation.name} ({seal} checksum)"
                tally.faults.append(f"{kind} seed {seed}: {what}: {ending.outcome}: {ending.text}")
            progress(1)
    return tally


def _compared(ending: Ending, valid: Ending) -> Ending:
    if ending.outcome == IDENTICAL and ending.text != valid.text:
        return Ending(DIFFERENT, ending.text)
    return ending
