"""The imagined futures of one person, as raw rows: 125 crossed branches, and free draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.frames import feature_columns
from human_wm_env.data.never_logged import warn_of_never_logged
from human_wm_env.errors import ConfigError
from human_wm_env.extras import extras_named
from human_wm_env.model.branches import BRANCHES
from human_wm_env.notebook_html import html_table
from human_wm_env.people.embedded import Dataset
from human_wm_env.person import schema
from human_wm_env.person.history import History
from human_wm_env.population import habitual_days
from human_wm_env.population import imagine_population as imagine_population
from human_wm_env.random_streams import FOR_START, Stream, generator
from human_wm_env.registration import resolve_dataset
from human_wm_env.runtime.world_model import ModelSource, load_world_model
from human_wm_env.settings import seed_number, whole_number
from human_wm_env.wording import counted
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.starts import PersonStart


@dataclass(frozen=True)
class Futures:
    """What one person might do and feel.

    Attributes:
        rows: float32 (branches, horizon, 10), raw rows, nothing masked: the factorial design,
            for display and attribution.
        draws: float32 (draws, horizon, 10), likewise: independent draws, for bands, intervals
            and probabilities.
        history: the log before the first imagined day.
        user: the person's id.
        day: the first imagined day.
        first_date: its date; None where dates are not known.
    """

    rows: np.ndarray
    draws: np.ndarray
    history: History
    user: str
    day: int
    first_date: date | None = None

    @extras_named("data")
    def to_frame(self) -> Any:
        """Return the branches as a pandas DataFrame, a row a branch and day.

        The columns are branch, date (or, where dates are not known, day) and the ten features.
        """
        import pandas

        branches, days = self.rows.shape[:2]
        columns: dict[str, Any] = {"branch": np.repeat(np.arange(branches), days)}
        if self.first_date is None:
            columns["day"] = np.tile(self.day + np.arange(days), branches)
        else:
            dates = pandas.date_range(self.first_date, periods=days)
            columns["date"] = pandas.DatetimeIndex(np.tile(dates, branches))
        rows = self.rows.reshape(branches * days, -1)
        return pandas.DataFrame(columns | feature_columns(rows, np.ones(rows.shape, dtype=bool)))

    def _repr_html_(self) -> str:
        shown = np.percentile(
            self.draws[..., list(schema.CONTINUOUS_FEATURES)], (10, 50, 90), axis=(0, 1)
        )
        return html_table(
            f"{self.user}: {counted(self.rows.shape[1], 'imagined day')} from day {self.day}"
            + ("" if self.first_date is None else f", {self.first_date.isoformat()}")
            + f"; {len(self.rows)} branches, {counted(len(self.draws), 'draw')}",
            ("of a day, over draws", "10%", "median", "90%"),
            [
                (schema.FEATURE_NAMES[feature], *(f"{end:.4g}" for end in ends))
                for feature, *ends in zip(schema.CONTINUOUS_FEATURES, *shown, strict=True)
            ],
        )


def imagine_futures(
    dataset: Dataset | None,
    user: str,
    day: int | str,
    *,
    world_model: ModelSource = None,
    horizon: int = 30,
    temperature: float = 1.0,
    seed: int = 0,
    draws: int = 500,
) -> Futures:
    """Imagine a person who follows their own habits.

    A `NeverLoggedWarning` names features that the person never logged.

    Branch b of the 5 x 5 x 5 has draws b // 25, b // 5 % 5 and b % 5 of z_a, z_b and z_c:
    not 125 independent futures. The `draws` are: each has latents and noise of its own.

    Args:
        dataset: the logs, as `gymnasium.make` takes them.
        user: a person's id.
        day: the first imagined day, or its date as text, or "end", the day after the log;
            only rows before it are read.
        world_model: checkpoint folder; None means the bundled one.
        horizon: imagined days.
        temperature: tau of the dream.
        seed: of latents and noise.
        draws: independent draws, >= 1; what is published needs 500.

    Raises:
        ConfigError: no draws.
        DataError: unknown user, a day outside the log, or too little history.
        CheckpointError: see `model.checkpoint.load_checkpoint`.
    """
    if whole_number(draws, "draws") < 1:
        raise ConfigError("draws >= 1", f"{draws}", "Take 500 for anything that is published.")
    people = resolve_dataset(dataset)
    logs = people if isinstance(people, LogDataset) else people.dataset
    world = DreamWorld(
        load_world_model(world_model),
        logs,
        split="all",
        horizon=horizon,
        adherence=0.0,
        temperature=temperature,
    )
    seed, position = seed_number(seed), logs.index_of(user)
    warn_of_never_logged(logs, np.array([position]))
    if day == "end":
        day = int(logs.days_logged[position])
    world.start_from([{"user": user, "day": day}], [PersonStart(position, 0, 0)])  # or refused
    # The branches are group 0 and slots 0 to 124; each draw is a group and a slot of its own.
    streams = [Stream((seed, 0, 0), (seed, branch, 0)) for branch in range(BRANCHES)]
    streams += [Stream((seed, 1 + i, 0), (seed, BRANCHES + i, 0)) for i in range(draws)]
    drawn = [world.draw_start(generator(stream.latents, FOR_START)) for stream in streams]
    options = [
        {"user": user, "day": day, "branch": slot if slot < BRANCHES else start.branch}
        for slot, start in enumerate(drawn)
    ]
    starts = world.start_from(options, drawn)
    rows = habitual_days(world, starts, streams)
    first = starts[0].day
    return Futures(
        rows=rows[:BRANCHES],
        draws=rows[BRANCHES:],
        history=logs.history(position, first),
        user=logs.user_ids[position],
        day=first,
        first_date=logs.date_of(position, first),
    )
