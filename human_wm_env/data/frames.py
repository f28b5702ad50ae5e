"""Logs as a pandas DataFrame and as a short table of HTML; the way in is `read_daily_csv`."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import Any, Protocol

import numpy as np

from human_wm_env.extras import extras_named
from human_wm_env.person import schema


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
        columns["date"] = pandas.to_datetime([date.fromordinal(int(one)) for one in ordinals])
    for index, feature in enumerate(schema.FEATURES):
        values, seen = dataset.rows[user, day, index], dataset.observed[user, day, index]
        if isinstance(feature, schema.Continuous):
            columns[feature.name] = np.where(seen, values, np.nan)
        else:
            named = np.array([*feature.categories, None], dtype=object)
            columns[feature.name] = named[np.where(seen, values, -1).astype(int)]
    return pandas.DataFrame(columns)


def as_html(dataset: Logs) -> str:
    """Return what a notebook shows of logs: how many there are, and how much of each feature."""
    logged = np.arange(dataset.rows.shape[1]) < dataset.days_logged[:, None]
    shares = dataset.observed[logged].mean(axis=0)
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{share:.0%}</td></tr>"
        for name, share in zip(schema.FEATURE_NAMES, shares, strict=True)
    )
    return (
        f"<b>{escape(dataset.name)}</b>: {len(dataset.user_ids)} people, {int(logged.sum())} days"
        f"<table><tr><th>feature</th><th>observed</th></tr>{rows}</table>"
    )
