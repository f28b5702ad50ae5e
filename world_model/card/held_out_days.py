"""What forecasts of held-out days are worth beside "user mean + lag 1 + weekday"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from human_wm_env.data.splits import TimeSplit
from human_wm_env.errors import ConfigError
from human_wm_env.runtime.encoder import Posterior
from human_wm_env.runtime.world_model import WorldModelRuntime
from world_model.card import baselines, futures, statistical_forecasts
from world_model.card.calibration import LEVELS
from world_model.card.forecasts import Cells, judge_cells
from world_model.card.futures import Starts
from world_model.card.intervals import Interval, mean_interval, mean_of_ratios, ratio_interval
from world_model.card.requirements import coverage_gaps
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
    forecasters: list[str] | None = None

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


@dataclass(frozen=True)
class Comparison:
    """The model beside the baseline, on one feature or on the average over features.

    Attributes:
        cells: how many were judged.
        r2, crps: of the model; r2_baseline, crps_baseline: of the baseline.
        r2_gain, crps_gain: how much better the model is, with 95% intervals over people; of
            the CRPS as a share of the baseline's.
    """

    cells: int
    r2: float
    r2_baseline: float
    crps: float
    crps_baseline: float
    r2_gain: Interval
    crps_gain: Interval


@dataclass(frozen=True)
class Summary:
    """Where the model is significantly worse one day ahead, and how far coverage is off.

    Attributes:
        significantly_worse: features, and by which score.
        average_r2_gain, average_crps_gain: of the average over features.
        r2_gain_over_blend, crps_gain_over_blend: likewise, over the blend of the statistical
            forecasters.
        coverage_off: the largest distance of the model's coverage from nominal;
            coverage_off_where: on which level and horizon.
    """

    significantly_worse: list[str]
    average_r2_gain: Interval
    average_crps_gain: Interval
    r2_gain_over_blend: Interval
    crps_gain_over_blend: Interval
    coverage_off: float
    coverage_off_where: str


Coverage = dict[str, dict[str, Interval]]  # by feature and level


@dataclass(frozen=True)
class HeldOutScores:
    """What forecasts of held-out days are worth; `dataclasses.asdict` makes it JSON-able.

    Attributes:
        about: data, checkpoints and settings.
        days_ahead: the dream beside the baseline, by horizon and feature, with their average.
        forecasters: statistical ones beside the baseline, by horizon, name and feature.
        dream_beside: the dream beside each of those (as `r2_baseline`), likewise.
        coverage: by forecaster and horizon.
        summary: see there.
    """

    about: dict[str, object]
    days_ahead: dict[str, dict[str, Comparison]]
    forecasters: dict[str, dict[str, dict[str, Comparison]]]
    dream_beside: dict[str, dict[str, dict[str, Comparison]]]
    coverage: dict[str, dict[str, Coverage]]
    summary: Summary


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
    days_ahead = {
        str(horizon): compare(judged[DREAM][horizon], judged[BASELINE][horizon])
        for horizon in horizons
    }
    report("statistical forecasters")
    statistical = statistical_forecasts.judge_forecasters(
        split, starts, horizons, names, config.draws, config.seed
    )
    forecasters, dream_beside = {}, {}
    for horizon in horizons:
        dream, baseline = (judged[name][horizon] for name in (DREAM, BASELINE))
        cells = {name: by_horizon[horizon] for name, by_horizon in statistical.items()}
        forecasters[str(horizon)] = {name: compare(one, baseline) for name, one in cells.items()}
        dream_beside[str(horizon)] = {name: compare(dream, one) for name, one in cells.items()}
    judged |= statistical
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
    return HeldOutScores(about, days_ahead, forecasters, dream_beside, covered, summary)


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
    """Return one refined posterior per start."""
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


def compare(one: Mapping[str, Cells], other: Mapping[str, Cells]) -> dict[str, Comparison]:
    """Compare a forecaster with the baseline, feature by feature and on the average.

    Features that took a single value on all these days are left out.
    """
    errors, crps = {}, {}  # what is gained, over what, and by whom, of each feature
    rows = {}
    for name, cells in one.items():
        baseline = other[name]
        spread = cells.squared_spread
        if not (spread.sum() > 0.0 and baseline.crps.sum() > 0.0):
            continue
        errors[name] = (baseline.squared_error - cells.squared_error, spread, cells.users)
        crps[name] = (baseline.crps - cells.crps, baseline.crps, cells.users)
        rows[name] = Comparison(
            cells=len(cells.users),
            r2=float(1.0 - cells.squared_error.sum() / spread.sum()),
            r2_baseline=float(1.0 - baseline.squared_error.sum() / spread.sum()),
            crps=float(cells.crps.mean()),
            crps_baseline=float(baseline.crps.mean()),
            r2_gain=ratio_interval(*errors[name]),
            crps_gain=ratio_interval(*crps[name]),
        )
    means = {
        key: float(np.mean([getattr(row, key) for row in rows.values()]))
        for key in ("r2", "r2_baseline", "crps", "crps_baseline")
    }
    rows[AVERAGE] = Comparison(
        cells=sum(row.cells for row in rows.values()),
        **means,
        r2_gain=mean_of_ratios(list(errors.values())),
        crps_gain=mean_of_ratios(list(crps.values())),
    )
    return rows


def coverage(cells: Mapping[str, Cells]) -> Coverage:
    """Return the share of cells inside each central interval: by feature, and of all."""
    users = np.concatenate([each.users for each in cells.values()])
    whole = {
        level: np.concatenate([each.inside(level) for each in cells.values()]) for level in LEVELS
    }
    return {
        **{
            name: {level: mean_interval(each.inside(level), each.users) for level in LEVELS}
            for name, each in cells.items()
        },
        "all": {level: mean_interval(inside, users) for level, inside in whole.items()},
    }


def summarise(
    days_ahead: Mapping[str, Mapping[str, Comparison]],
    over_blend: Comparison,
    covered: Mapping[str, Coverage],
) -> Summary:
    """Say where the model is significantly worse, and how far its coverage is from nominal."""
    first = days_ahead[min(days_ahead, key=int)]
    worse = [
        f"{name} ({what})"
        for name, row in first.items()
        for what, gain in (("R2", row.r2_gain), ("CRPS", row.crps_gain))
        if gain.below_zero
    ]
    off = coverage_gaps({f"{horizon} ahead": each["all"] for horizon, each in covered.items()})
    where = max(off, key=lambda place: off[place])
    average = first[AVERAGE]
    return Summary(
        worse,
        average.r2_gain,
        average.crps_gain,
        over_blend.r2_gain,
        over_blend.crps_gain,
        off[where],
        where,
    )
