"""What forecasts of held-out days are worth beside "user mean + lag 1 + weekday"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace

import numpy as np

from human_wm_env.data import splits
from human_wm_env.data.splits import TimeSplit
from human_wm_env.errors import ConfigError
from human_wm_env.runtime.encoder import Posterior, with_response
from human_wm_env.runtime.world_model import WorldModelRuntime
from human_wm_env.worlds.reset_options import MIN_HISTORY_DAYS
from world_model.card import baselines, futures, local_level, statistical_forecasts
from world_model.card.forecasts import Cells, judge_cells, pooled
from world_model.card.futures import Starts
from world_model.card.held_out_scores import (
    AVERAGE,
    HeldOutScores,
    compare,
    coverage,
    summarise,
)
from world_model.card.walk_forward import (
    every_day,
    forecast_logs,
    refined_before,
    refined_walking,
)
from world_model.export import restore
from world_model.forecasters.boosted_trees import MISSING, installed
from world_model.forecasters.forecast import BLEND, names_of
from world_model.nets.world_model import WorldModel
from world_model.training.config import BLOCKS
from world_model.training.personal_posteriors import Refinement, config_of

DREAM, UNCORRECTED, BASELINE = "dream", "dream_uncorrected", "mean, lag 1, weekday"
_EARLIER_DRAWS = 100
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
        local_level: correct the dream's forecasts by how the last days deviated from earlier
            ones (`world_model/card/local_level.py`); uncorrected ones are judged beside them.
        forecasters: which statistical ones are judged on the same cells, and blended; None
            takes all that are installed.
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
    local_level: bool = True
    forecasters: list[str] | None = None

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        refined = [each.name for each in fields(self) if each.name.startswith(("refine", "update"))]
        if self.posterior == POSTERIORS[0]:
            return dict.fromkeys(
                refined, "Set posterior=refined, too: the encoder refines nothing."
            )
        walked = ("update_steps", "update_rate")
        return {} if self.update_every_days else dict.fromkeys(walked, "Raise update_every_days.")

    def __post_init__(self) -> None:
        names_of(self.forecasters)
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
) -> HeldOutScores:
    """Forecast every held-out day from the day before, and judge the forecasts.

    Statistical forecasters (`world_model/forecasters/`) are judged on the same cells; they are
    fitted on the days before, of the judged people and of those who join for training.

    Args:
        runtime: the checkpoint, loaded.
        split: the logs; the checkpoint was trained on `split.before`, or on others.
        config: how forecasts are made.
        pooled_with: other checkpoints, whose forecasts are pooled with the first one's in
            equal shares (a linear opinion pool).
        report: receives the name of each step.

    Raises:
        ConfigError: a forecaster needs a library that is not installed.
        DataError: no held-out day has two weeks before it.
    """
    names = names_of(config.forecasters)
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, 43]))
    horizons = sorted(config.horizons)
    starts = _of_some(every_day(split.whole, split.first_held_out), config.people, rng)
    pool = (runtime, *pooled_with)
    imagined = _imagined(pool, split, starts, horizons, config, rng, report)
    fit_on = _days_to_fit_on(split, max(horizons))
    plain = baselines.mean_lag_weekday(
        split.whole, starts, config.draws, horizons, rng, fit_on=fit_on
    )
    forecasts = {UNCORRECTED: imagined, BASELINE: plain}
    if config.local_level:
        report("local level")
        forecasts[DREAM] = _corrected(imagined, pool, split, starts, horizons, config)
    report("scores")
    judged = {
        name: {
            horizon: judge_cells(drawn[:, :, place], split.whole, starts, horizon, rng)
            for place, horizon in enumerate(horizons)
        }
        for name, drawn in forecasts.items()
    }
    if not config.local_level:
        judged[DREAM] = judged.pop(UNCORRECTED)
    report("statistical forecasters")
    judged |= statistical_forecasts.judge_forecasters(
        split, starts, horizons, names, config.draws, config.seed
    )
    days_ahead, forecasters, dream_beside = {}, {}, {}
    for horizon in horizons:
        cells = {name: by_horizon[horizon] for name, by_horizon in judged.items()}
        dream, baseline = cells.pop(DREAM), cells.pop(BASELINE)
        days_ahead[str(horizon)] = compare(dream, baseline)
        forecasters[str(horizon)] = {name: compare(one, baseline) for name, one in cells.items()}
        dream_beside[str(horizon)] = {name: compare(dream, one) for name, one in cells.items()}
    covered = {
        name: {str(horizon): coverage(cells) for horizon, cells in by_horizon.items()}
        for name, by_horizon in judged.items()
    }
    about = {
        "data": split.whole.name,
        "data_sha256": split.before.fingerprint,
        "trained_on_the_days_before": all(
            one.checkpoint.manifest.get("data", {}).get("sha256") == split.before.fingerprint
            for one in pool
        ),
        "split": "time",
        "people": len(np.unique(starts.users)),
        "held_out_days": len(starts),
        "draws": imagined.shape[1],
        "weights_sha256": [one.checkpoint.manifest.get("weights_sha256") for one in pool],
        "config": asdict(config),
        "forecasters": names,
        "left_out": None if config.forecasters is not None or installed() else MISSING,
    }
    over_blend = dream_beside[str(horizons[0])][BLEND][AVERAGE]
    summary = summarise(days_ahead, over_blend, covered[DREAM])
    pit = {
        name: {str(horizon): pooled([*cells.values()]) for horizon, cells in judged[name].items()}
        for name in (DREAM, BASELINE)
    }
    return HeldOutScores(about, days_ahead, forecasters, dream_beside, covered, summary, pit)


def _imagined(
    pool: Sequence[WorldModelRuntime],
    split: TimeSplit,
    starts: Starts,
    horizons: Sequence[int],
    config: HeldOutConfig,
    rng: np.random.Generator,
    report: Callable[[str], None],
) -> np.ndarray:
    """Return forecasts of a pool in equal shares, float32 (starts, draws, horizons, 10)."""
    draws = -(-config.draws // len(pool))
    parts = []
    for one in pool:
        report("posteriors")
        model = restore(one.checkpoint)
        encoded = futures.encode_starts(one, split.whole, starts)
        if config.posterior == "refined":
            nets, response = _refined(model, one, split, starts, config), encoded.posterior.response
            refined = nets if response is None else with_response(nets, response)
            encoded = replace(encoded, posterior=refined)
        report("forecasts")
        weather = one.checkpoint.weather_transitions
        parts.append(forecast_logs(model, encoded, split.whole, weather, horizons, draws, rng))
    return np.concatenate(parts, axis=1)


def _corrected(
    imagined: np.ndarray,
    pool: Sequence[WorldModelRuntime],
    split: TimeSplit,
    starts: Starts,
    horizons: Sequence[int],
    config: HeldOutConfig,
) -> np.ndarray:
    """Return forecasts corrected by the misses of earlier ones, made in the same way."""
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, 53]))
    judged = np.isin(np.arange(split.whole.users), starts.users)
    first = np.maximum(split.first_held_out - local_level.EARLIER_DAYS, MIN_HISTORY_DAYS)
    first = np.where(judged, first, split.first_held_out)
    walked = TimeSplit(split.whole, splits.before(split.whole, first), first)
    earlier = every_day(split.whole, np.where(judged, first, split.whole.days_logged))
    quick = replace(config, draws=min(config.draws, _EARLIER_DRAWS))
    misses = _imagined(pool, walked, earlier, [1], quick, rng, lambda stage: None)
    return local_level.correct(
        imagined,
        starts,
        horizons,
        (misses[:, :, 0], earlier),
        split.first_held_out,
        split.whole,
        rng,
    )


def _of_some(starts: Starts, people: int, rng: np.random.Generator) -> Starts:
    """Return the starts of at most so many people."""
    chosen = rng.permutation(np.unique(starts.users))[:people]
    return starts[np.isin(starts.users, chosen)]


def _refined(
    model: WorldModel,
    runtime: WorldModelRuntime,
    split: TimeSplit,
    starts: Starts,
    config: HeldOutConfig,
) -> Posterior:
    """Return one refined posterior of the nets' latents per start."""
    training = config_of(runtime.checkpoint, config.refine_window_days)
    if config.refine_beta is not None:
        training = replace(training, beta=dict.fromkeys(BLOCKS, config.refine_beta))
    first = Refinement(config.refine_steps, config.refine_rate, training, config.seed)
    before = refined_before(model, runtime, split, first)
    if config.update_every_days == 0:
        return before[starts.users]
    later = replace(first, steps=config.update_steps, learning_rate=config.update_rate)
    return refined_walking(
        model, runtime, split.whole, starts, before, later, every=config.update_every_days
    )


def _days_to_fit_on(split: TimeSplit, horizon: int) -> Starts:
    """Return the training days of the judged people whose last horizon is one, too."""
    starts = every_day(split.before, np.zeros(split.before.users, dtype=np.int64))
    inside = starts.days + horizon <= split.first_held_out[starts.users]
    inside &= (split.first_held_out < split.whole.days_logged)[starts.users]
    return starts[inside]
