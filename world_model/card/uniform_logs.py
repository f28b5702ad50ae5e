"""Measurements of a model trained on uniform logs, where it has to find no structure.

That is: latents equal to the prior, futures that cover as they say,
and as wide as the numbers are. Judged is what would be LOGGED, off the feasible set: a
uniform day of 11 hours' sleep and 20 hours' activity is impossible, and is in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.uniform_logs import draw_rows
from human_wm_env.person import schema
from human_wm_env.runtime.world_model import WorldModelRuntime
from world_model.card import futures
from world_model.card.forecasts import judge_cells
from world_model.card.held_out_scores import Coverage, coverage
from world_model.card.posterior_collapse import BlockCollapse, collapse
from world_model.card.proper_scores import SCORED, within_bounds
from world_model.card.requirements import Check, coverage_gaps, worst
from world_model.card.spread import variance
from world_model.card.walk_forward import forecast_logs
from world_model.export import restore

MOST_KL_NATS = 0.1
COVERAGE_POINTS = 0.03
SPREAD_SHARE = 0.15


@dataclass(frozen=True)
class UniformMeasures:
    """What was measured; `dataclasses.asdict` makes it JSON-able.

    Attributes:
        people, starts: how many were judged.
        latents: by block.
        coverage: by horizon; of every feature, and all.
        spread: by horizon and feature: SD of the futures over that of uniform rows.
    """

    people: int
    starts: int
    latents: dict[str, BlockCollapse]
    coverage: dict[str, Coverage]
    spread: dict[str, dict[str, float]]


def measure(
    runtime: WorldModelRuntime,
    dataset: LogDataset,
    *,
    split: str = "test",
    starts_per_person: int = 20,
    draws: int = 500,
    horizons: Sequence[int] = (1, 7, 30),
    seed: int = 0,
) -> UniformMeasures:
    """Measure a checkpoint that was trained on uniform logs."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, 53]))
    people = dataset.users_of(split)
    posterior, _ = runtime.encode(dataset.histories(people, dataset.days_logged[people]))
    latents = collapse(posterior, runtime.architecture.blocks, rng)
    starts = futures.spread_starts(dataset, people, starts_per_person, max(horizons), rng)
    imagined = forecast_logs(
        restore(runtime.checkpoint),
        futures.encode_starts(runtime, dataset, starts),
        dataset,
        runtime.checkpoint.weather_transitions,
        horizons,
        draws,
        rng,
    )
    truth = draw_rows(imagined.shape[:3], rng)
    for index in SCORED:
        truth[..., index] = within_bounds(truth[..., index], index)
    ratios = np.sqrt(variance(imagined) / variance(truth))
    return UniformMeasures(
        people=len(people),
        starts=len(starts),
        latents=latents,
        coverage={
            str(horizon): coverage(
                judge_cells(imagined[:, :, place], dataset, starts, horizon, rng)
            )
            for place, horizon in enumerate(horizons)
        },
        spread={
            str(horizon): {
                schema.FEATURE_NAMES[index]: float(ratio)
                for index, ratio in zip(SCORED, row, strict=True)
            }
            for horizon, row in zip(horizons, ratios, strict=True)
        },
    )


def requirements(found: UniformMeasures) -> list[Check]:
    """Compare with what a model that found nothing measures."""
    latents = found.latents.values()
    covered = {f"day {horizon}": each["all"] for horizon, each in found.coverage.items()}
    spread = {
        f"{name}, day {horizon}": abs(ratio - 1.0)
        for horizon, by_feature in found.spread.items()
        for name, ratio in by_feature.items()
    }
    return [
        Check("active units", float(sum(each.active_units for each in latents)), 0.0, True),
        Check("KL of all latents, nats", sum(each.kl_nats for each in latents), MOST_KL_NATS, True),
        worst("coverage: distance from nominal", coverage_gaps(covered), COVERAGE_POINTS),
        worst("spread: distance from the numbers' own", spread, SPREAD_SHARE),
    ]
