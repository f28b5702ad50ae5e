"""What forecasts of held-out days are worth beside "user mean + lag 1 + weekday"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from human_wm_env.data.splits import TimeSplit
from human_wm_env.errors import ConfigError
from human_wm_env.runtime.encoder import Posterior
from human_wm_env.runtime.world_model import WorldModelRuntime
from world_model.card import baselines, futures
from world_model.card.calibration import LEVELS
from world_model.card.futures import Starts
from world_model.card.intervals import Interval, mean_interval, mean_of_ratios, ratio_interval
from world_model.card.walk_forward import (
    Cells,
    every_day,
    forecast_logs,
    judge_cells,
    refined_before,
    refined_walking,
    tiled,
)
from world_model.export import restore
from world_model.nets.world_model import WorldModel
from world_model.training.config import BLOCKS, TrainingConfig

DREAM, BASELINE = "dream", "mean, lag 1, weekday"
AVERAGE = "average"
POSTERIORS = ("encoder", "refined")
Judged = dict[int, dict[str, Cells]]  # by horizon and feature


@dataclass(frozen=True)
class HeldOutConfig:
    """How forecasts of held-out days are made.

    Attributes:
        posterior: "encoder" reads the log anew before every day; "refined" fits each
            person's posterior to the days before the held-out ones, and walks it on.
        draws: independent futures of each day.
        people: most people that are judged; logs of few people are judged whole.
        horizons: days ahead that are judged, 1 being the next day.
        seed: of draws and refinement.
        refine_steps, refine_rate, refine_window_days: of the refinement.
        refine_beta: weight of its KL; None takes the one that the checkpoint trained with.
        update_every_days: from one refinement to the last `refine_window_days` days to the
            next; 0 never updates a posterior.
        update_steps, update_rate: of these.
    """

    posterior: str = "encoder"
    draws: int = 500
    people: int = 60
    horizons: list[int] = field(default_factory=lambda: [1, 7])
    seed: int = 0
    refine_steps: int = 100
    refine_rate: float = 0.1
    refine_window_days: int = 64
    refine_beta: float | None = 0.5
    update_every_days: int = 1
    update_steps: int = 30
    update_rate: float = 0.05

    def __post_init__(self) -> None:
        if self.posterior not in POSTERIORS:
            raise ConfigError(
                f"a posterior out of {', '.join(POSTERIORS)}",
                repr(self.posterior),
                "The encoder needs no training on these people.",
            )
        if self.update_every_days < 0 or (self.refine_beta is not None and self.refine_beta < 0.0):
            raise ConfigError(
                "update_every_days >= 0, and refine_beta >= 0 or null",
                f"{self.update_every_days} and {self.refine_beta}",
                "0 days never updates a posterior.",
            )
        if not self.horizons or min(self.horizons) < 1 or min(self.draws, self.people) < 2:
            raise ConfigError(
                "horizons of 1 day or more, and two or more draws and people",
                f"{self.horizons}, {self.draws} and {self.people}",
                "Published numbers take 500 draws.",
            )


def judge_held_out(
    runtime: WorldModelRuntime,
    split: TimeSplit,
    config: HeldOutConfig,
    *,
    pooled_with: Sequence[WorldModelRuntime] = (),
    report: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """Forecast every held-out day from the day before, and judge the forecasts.

    Args:
        runtime: the checkpoint, loaded.
        split: the logs; the checkpoint was trained on `split.before`, or on others.
        config: how forecasts are made.
        pooled_with: other checkpoints, whose forecasts are pooled with the first one's in
            equal shares (a linear opinion pool).
        report: receives the name of each step.

    Returns:
        JSON-able: `about`, `days_ahead` (by horizon and feature, with their average),
        `coverage` (of both forecasters) and `summary`.

    Raises:
        DataError: no held-out day has two weeks before it.
    """
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, 43]))
    horizons = sorted(config.horizons)
    starts = _of_some(every_day(split.whole, split.first_held_out), config.people, rng)
    pool = (runtime, *pooled_with)
    draws = -(-config.draws // len(pool))
    parts = []
    for one in pool:
        report("posteriors")
        model = restore(one.checkpoint)
        encoded = futures.encode_starts(one, split.whole, starts)
        if config.posterior == "refined":
            encoded = replace(encoded, posterior=_refined(model, one, split, starts, config))
        report("forecasts")
        weather = one.checkpoint.weather_transitions
        parts.append(forecast_logs(model, encoded, split.whole, weather, horizons, draws, rng))
    imagined = np.concatenate(parts, axis=1)
    fit_on = _days_to_fit_on(split, max(horizons))
    plain = baselines.mean_lag_weekday(
        split.whole, starts, config.draws, horizons, rng, fit_on=fit_on
    )
    report("scores")
    judged = {
        name: {
            horizon: judge_cells(forecasts[:, :, place], split.whole, starts, horizon, rng)
            for place, horizon in enumerate(horizons)
        }
        for name, forecasts in ((DREAM, imagined), (BASELINE, plain))
    }
    found: dict[str, Any] = {
        "about": {
            "data": split.whole.name,
            "data_sha256": split.before.fingerprint,
            "trained_on_the_days_before": all(
                _trained_on(one) == split.before.fingerprint for one in pool
            ),
            "split": "time",
            "people": len(np.unique(starts.users)),
            "held_out_days": len(starts),
            "draws": imagined.shape[1],
            "weights_sha256": [one.checkpoint.manifest.get("weights_sha256") for one in pool],
            "config": asdict(config),
        },
        "days_ahead": {
            str(horizon): compare(judged[DREAM][horizon], judged[BASELINE][horizon])
            for horizon in horizons
        },
        "coverage": {
            name: {str(horizon): coverage(cells) for horizon, cells in by_horizon.items()}
            for name, by_horizon in judged.items()
        },
    }
    return {**found, "summary": summary(found)}


def _of_some(starts: Starts, people: int, rng: np.random.Generator) -> Starts:
    """Return the starts of at most so many people."""
    chosen = rng.permutation(np.unique(starts.users))[:people]
    kept = np.isin(starts.users, chosen)
    return Starts(starts.users[kept], starts.days[kept])


def _refined(
    model: WorldModel,
    runtime: WorldModelRuntime,
    split: TimeSplit,
    starts: Starts,
    config: HeldOutConfig,
) -> Posterior:
    """Return one refined posterior per start."""
    penalties = _penalties(runtime)
    if config.refine_beta is not None:
        penalties["beta"] = dict.fromkeys(BLOCKS, config.refine_beta)
    training = TrainingConfig(window_days=config.refine_window_days, **penalties)
    before = refined_before(
        model,
        runtime,
        split,
        steps=config.refine_steps,
        learning_rate=config.refine_rate,
        config=training,
        seed=config.seed,
    )
    if config.update_every_days == 0:
        return tiled(before, starts)
    return refined_walking(
        model,
        runtime,
        split.whole,
        starts,
        before,
        every=config.update_every_days,
        steps=config.update_steps,
        learning_rate=config.update_rate,
        config=training,
        seed=config.seed,
    )


def _penalties(runtime: WorldModelRuntime) -> dict[str, Any]:
    training = runtime.checkpoint.manifest.get("config", {}).get("training", {})
    return {name: training[name] for name in ("beta", "free_bits") if name in training}


def _trained_on(runtime: WorldModelRuntime) -> str | None:
    found: str | None = runtime.checkpoint.manifest.get("data", {}).get("sha256")
    return found


def _days_to_fit_on(split: TimeSplit, horizon: int) -> Starts:
    """Return the training days of the judged people whose last horizon is one, too."""
    starts = every_day(split.before, np.zeros(split.before.users, dtype=np.int64))
    inside = starts.days + horizon <= split.first_held_out[starts.users]
    inside &= (split.first_held_out < split.whole.days_logged)[starts.users]
    return Starts(starts.users[inside], starts.days[inside])


def compare(one: Mapping[str, Cells], other: Mapping[str, Cells]) -> dict[str, Any]:
    """Compare two forecasters feature by feature, and on the average over features.

    Returns:
        By feature, but for those that took a single value on all these days:
        `cells`, `r2` and `crps` of both, and how much better the first is with
        95% intervals over people: `r2_gain`, and `crps_gain` as a share of the other's CRPS.
    """
    rows: dict[str, Any] = {}
    one = {
        name: cells
        for name, cells in one.items()
        if cells.squared_spread.sum() > 0.0 and other[name].crps.sum() > 0.0
    }
    for name, cells in one.items():
        rival = other[name]
        rows[name] = {
            "cells": len(cells.users),
            "r2": _r_squared(cells),
            "r2_baseline": _r_squared(rival),
            "crps": float(cells.crps.mean()),
            "crps_baseline": float(rival.crps.mean()),
            "r2_gain": asdict(_gain(cells, rival, _squared)),
            "crps_gain": asdict(_gain(cells, rival, _crps)),
        }
    rows[AVERAGE] = {
        "cells": sum(row["cells"] for row in rows.values()),
        **{
            key: float(np.mean([row[key] for row in rows.values()]))
            for key in ("r2", "r2_baseline", "crps", "crps_baseline")
        },
        **{
            key: asdict(
                mean_of_ratios([(*of(one[name], other[name]), one[name].users) for name in one])
            )
            for key, of in (("r2_gain", _squared), ("crps_gain", _crps))
        },
    }
    return rows


def _r_squared(cells: Cells) -> float:
    return float(1.0 - cells.squared_error.sum() / cells.squared_spread.sum())


def _squared(one: Cells, other: Cells) -> tuple[np.ndarray, np.ndarray]:
    return other.squared_error - one.squared_error, one.squared_spread


def _crps(one: Cells, other: Cells) -> tuple[np.ndarray, np.ndarray]:
    return other.crps - one.crps, other.crps


def _gain(
    one: Cells, other: Cells, of: Callable[[Cells, Cells], tuple[np.ndarray, np.ndarray]]
) -> Interval:
    return ratio_interval(*of(one, other), one.users)


def coverage(cells: Mapping[str, Cells]) -> dict[str, Any]:
    """Return the share of cells inside each central interval: by feature, and of all."""
    found: dict[str, Any] = {
        name: {level: asdict(mean_interval(each.inside(level), each.users)) for level in LEVELS}
        for name, each in cells.items()
    }
    found["all"] = {
        level: asdict(
            mean_interval(
                np.concatenate([each.inside(level) for each in cells.values()]),
                np.concatenate([each.users for each in cells.values()]),
            )
        )
        for level in LEVELS
    }
    return found


def summary(found: Mapping[str, Any]) -> dict[str, Any]:
    """Say where the dream is significantly worse, and how far coverage is from nominal."""
    first = found["days_ahead"][min(found["days_ahead"], key=int)]
    worse = [
        f"{name} ({what})"
        for name, row in first.items()
        for what, key in (("R2", "r2_gain"), ("CRPS", "crps_gain"))
        if row[key]["high"] < 0.0
    ]
    off = {
        f"{level}, {horizon} ahead": abs(each["all"][level]["mean"] - nominal)
        for horizon, each in found["coverage"][DREAM].items()
        for level, nominal in LEVELS.items()
    }
    where = max(off, key=lambda place: off[place])
    return {
        "significantly_worse": worse,
        "average_r2_gain": first[AVERAGE]["r2_gain"],
        "average_crps_gain": first[AVERAGE]["crps_gain"],
        "coverage_off": off[where],
        "coverage_off_where": where,
    }
