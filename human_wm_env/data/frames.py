"""Logs as a pandas DataFrame and as a short table of HTML; the way in is `read_daily_csv`."""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol, runtime_checkable

import numpy as np

from human_wm_env.extras import extras_named
from human_wm_env.notebook_html import html_table
from human_wm_env.person import schema
from human_wm_env.person.history import LAST_UNDATED_DAY


@runtime_checkable
class Frame(Protocol):
    """A pandas DataFrame, as much as is needed of it."""

    def to_csv(self, *, index: bool) -> str:
        """Return the rows as text."""
        ...


class Logs(Protocol):
    """What is shown of a `LogDataset`, which hands its own frame on."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def rows(self) -> np.ndarray: ...  # noqa: D102
    @property
    def observed(self) -> np.ndarray: ...  # noqa: D102
    @property
    def user_ids(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def days_logged(self) -> np.ndarray: ...  # noqa: D102
    @property
    def start_date(self) -> np.ndarray | None: ...  # noqa: D102


@extras_named("data")
def to_frame(dataset: Logs) -> Any:
    """Return the logs as a DataFrame, a row a person and logged day.

    The columns are user_id, date (or, where dates are not known, day) and the ten features:
    numbers, and categories as text, where not observed NaN and None. `read_daily_csv` takes such
    a frame with dates back.
    """
    import pandas

    user, day = np.nonzero(np.arange(dataset.rows.shape[1]) < dataset.days_logged[:, None])
    columns: dict[str, Any] = {"user_id": np.array(dataset.user_ids, dtype=object)[user]}
    if dataset.start_date is None:
        columns["day"] = day
    else:
        ordinals = dataset.start_date[user] + day
        columns["date"] = pandas.to_datetime(
            [date.fromordinal(one) if one > LAST_UNDATED_DAY else None for one in ordinals.tolist()]
        )
    columns |= feature_columns(dataset.rows[user, day], dataset.observed[user, day])
    return pandas.DataFrame(columns)


def feature_columns(rows: np.ndarray, observed: np.ndarray) -> dict[str, np.ndarray]:
    """Return the ten columns of raw days, numbers as float64 and categories as text.

    Args:
        rows: float32 (days, 10).
        observed: bool (days, 10); what is not observed is NaN or None.
    """
    columns: dict[str, np.ndarray] = {}
    for index, feature in enumerate(schema.FEATURES):
        values, seen = rows[:, index], observed[:, index]
        if isinstance(feature, schema.Continuous):
            columns[feature.name] = np.where(seen, values, np.nan)
        else:
            named = np.array([*feature.categories, None], dtype=object)
            columns[feature.name] = named[np.where(seen, values, -1).astype(int)]
    return columns


def as_html(dataset: Logs) -> str:
    """Return what a notebook shows of logs: how many there are, and how much of each feature."""
    logged = np.arange(dataset.rows.shape[1]) < dataset.days_logged[:, None]
    shares = dataset.observed[logged].mean(axis=0)
    return html_table(
        f"{dataset.name}: {len(dataset.user_ids)} people, {int(logged.sum())} days",
        ("feature", "observed"),
        [(name, f"{share:.0%}") for name, share in zip(schema.FEATURE_NAMES, shares, strict=True)],
    )
