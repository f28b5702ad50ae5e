"""Fan charts of some people's imagined futures, beside what was logged later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from human_wm_env import LogDataset, fan_chart, imagine_futures
from human_wm_env.worlds.reset_options import MIN_HISTORY_DAYS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOGGED_DAYS_SHOWN = 45
HORIZON = 30
SPLITS = ("test", "validation", "train")
ABOUT = (
    "Imagined days of one person from the dashed line on: bands of 500 draws. Dots are logged "
    "days; hollow ones were logged later, and the model did not see them."
)


def futures_chart(
    dataset: LogDataset, person: str, day: int, world_model: Path | str | None
) -> Figure:
    """Imagine 125 futures of one person and draw them.

    Args:
        dataset: the logs.
        person: an id.
        day: the first imagined day.
        world_model: folder of a checkpoint; None is the bundled one.
    """
    futures = imagine_futures(dataset, person, day, world_model=world_model, horizon=HORIZON)
    user = dataset.index_of(person)
    later = slice(day, int(dataset.days_logged[user]))
    shown = slice(-LOGGED_DAYS_SHOWN, None)
    return fan_chart(
        futures.history.rows[shown],
        futures.history.observed[shown],
        draws=futures.draws,
        futures=futures.rows,
        first_day=futures.day,
        title=f"Imagined futures of {futures.user}, from day {futures.day}",
        later_rows=dataset.rows[user, later],
        later_mask=dataset.observed[user, later],
    )


def held_out_charts(
    dataset: LogDataset, world_model: Path | str | None, people: int = 3
) -> Iterator[tuple[str, Figure]]:
    """Draw people of the test split, or of the first split that has any.

    The last days of their logs, up to 30, are imagined.

    Args:
        dataset: the logs.
        world_model: folder of a checkpoint; None is the bundled one.
        people: how many; fewer where there are none with a long enough log.

    Yields:
        A name and a chart.
    """
    split = next(split for split in SPLITS if split in dataset.split_of)
    users = dataset.users_of(split)
    able = [user for user in users if dataset.days_logged[user] >= 2 * MIN_HISTORY_DAYS]
    for user in able[:people]:
        logged = int(dataset.days_logged[user])
        person = dataset.user_ids[user]
        day = max(logged - HORIZON, logged // 2)
        yield f"futures/{person}", futures_chart(dataset, person, day, world_model)
