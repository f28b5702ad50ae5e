"""Statistical forecasters on the cells that the dream is judged on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from human_wm_env.data.splits import TimeSplit
from world_model.card.forecasts import Cells, judge_cells
from world_model.card.futures import Starts
from world_model.card.walk_forward import every_day
from world_model.forecasters.forecast import BLEND, Days, forecast_days

# Enough to fit on; more take long, and these forecasters learn little from them.
MOST_DAYS = 20000


def judge_forecasters(
    split: TimeSplit,
    starts: Starts,
    horizons: Sequence[int],
    names: Sequence[str],
    draws: int,
    seed: int,
) -> dict[str, dict[int, dict[str, Cells]]]:
    """Fit forecasters on the days before the held-out ones, and judge them and their blend.

    Returns:
        Judgements by forecaster, horizon and feature.
    """
    judged: dict[str, dict[int, dict[str, Cells]]] = {name: {} for name in (*names, BLEND)}
    for horizon in horizons:
        rng = np.random.default_rng(np.random.SeedSequence([seed, 47, horizon]))
        forecasts = forecast_days(
            split.whole,
            days_to_fit_on(split, horizon, rng),
            (starts.users, starts.days),
            horizon,
            draws,
            names,
            rng,
        )
        for name, rows in forecasts.items():
            judged[name][horizon] = judge_cells(rows, split.whole, starts, horizon, rng)
    return judged


def days_to_fit_on(split: TimeSplit, horizon: int, rng: np.random.Generator) -> Days:
    """Return days before the held-out ones whose horizon is one, too, at most `MOST_DAYS`.

    They are of the judged people, and of the training people who are not judged.
    """
    starts = every_day(split.before, np.zeros(split.before.users, dtype=np.int64))
    dealt = np.array(split.whole.split_of)
    # Copies of judged people, by which training is stopped, would count them twice.
    copied = (dealt == "validation") & (split.first_held_out == split.whole.days_logged)
    kept = starts.days + horizon <= split.before.days_logged[starts.users]
    starts = starts[kept & ~copied[starts.users]]
    starts = starts[np.sort(rng.permutation(len(starts))[:MOST_DAYS])]
    first = np.full(split.whole.users, np.iinfo(np.int64).max)
    np.minimum.at(first, starts.users, starts.days)
    past = starts.days - first[starts.users]
    length = split.before.days_logged[starts.users] - first[starts.users]
    return Days(starts.users, starts.days, past / length)
