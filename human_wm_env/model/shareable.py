"""A checkpoint without what is said of single people: weights, and facts of everybody together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from human_wm_env.errors import ConfigError
from human_wm_env.files.sealed_folder import MANIFEST_SEAL, WEIGHTS_SEAL, Manifest
from human_wm_env.model.checkpoint import load_checkpoint, save_checkpoint

# What is kept is named, so that a fact which is added one day does not leave with the weights.
SHAREABLE = (
    *("config", "data", "metrics", "posterior", "start", "states_measured"),
    *("emptied_blocks", "best_at_the_end", "command"),
)
OF_DATA = ("users", "days", "observed_share", "split", "seed", "response_gain", "generator_version")
OF_CONFIG = ("model", "training")
OF_START = ("data", WEIGHTS_SEAL)


def export_model(checkpoint: Path | str, out: Path | str) -> list[str]:
    """Write a checkpoint that holds no rows, ids, names of files or posteriors of people.

    Weights are a function of all people's logs: what they tell of one person is the less, the more
    people they were trained on.

    Args:
        checkpoint: a checkpoint folder, or that of a run with one in it.
        out: folder to write, new or empty.

    Returns:
        The facts of the manifest that were left out.

    Raises:
        CheckpointError: no checkpoint, or a damaged one.
        ConfigError: there is something at `out` already.
    """
    folder, target = Path(checkpoint), Path(out)
    if (folder / "checkpoint").is_dir():
        folder = folder / "checkpoint"
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError("out as a new folder", f"{out}, where there is one", "Name another one.")
    loaded = load_checkpoint(folder)
    details = shareable(loaded.manifest)
    save_checkpoint(
        target,
        architecture=loaded.architecture,
        weights=loaded.weights,
        weather_transitions=loaded.weather_transitions,
        details=details,
    )
    return sorted(_names(loaded.manifest) - _names(load_checkpoint(target).manifest))


def shareable(manifest: Mapping[str, object]) -> Manifest:
    """Return the facts of a checkpoint's manifest that are of nobody in particular."""
    kept: Manifest = _part(manifest, SHAREABLE)
    for name, facts in (("data", OF_DATA), ("config", OF_CONFIG), ("start", OF_START)):
        if name in kept:
            kept[name] = _part(kept[name], facts)
    if isinstance(kept.get("start"), dict) and "data" in kept["start"]:
        kept["start"]["data"] = _part(kept["start"]["data"], OF_DATA)
    return kept


def _part(facts: object, names: tuple[str, ...]) -> Manifest:
    if not isinstance(facts, Mapping):
        return {}
    return {name: facts[name] for name in names if name in facts}


def _names(manifest: Mapping[str, object], path: str = "") -> set[str]:
    found = set()
    for name, value in manifest.items():
        if name not in (MANIFEST_SEAL, WEIGHTS_SEAL):
            found.add(f"{path}{name}")
            if path.count(".") < 2 and isinstance(value, Mapping):
                found |= _names(value, f"{path}{name}.")
    return found
