"""The end of a day in every person world, in one compiled loop: calendar, observation, reward."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.person import observations, rewards, schema

_ACTIONS = np.array(schema.ACTION_FEATURES)
_COMPONENTS = len(rewards.COMPONENTS)


@compiled
def turn_page_loop(
    day: np.ndarray, elapsed: np.ndarray, weekday: np.ndarray, calendar: np.ndarray
) -> None:
    """Write day, days since the start and weekday of tomorrow; an unknown weekday stays -1."""
    for slot in range(len(day)):
        calendar[0, slot] = day[slot] + 1
        calendar[1, slot] = elapsed[slot] + 1
        following = (weekday[slot] + 1) % schema.DAYS_PER_WEEK
        calendar[2, slot] = following if weekday[slot] >= 0 else -1


@compiled
def close(
    today: tuple[np.ndarray, ...],
    forecast: np.ndarray,
    calendar: tuple[np.ndarray, ...],
    horizon: int,
    rewarded: bool,
    baseline: tuple[np.ndarray, ...],
) -> tuple[np.ndarray, ...]:
    """End a day.

    Args:
        today: the raw row, float32 (10, slots), the same encoded, float32 (ROW_WIDTH, slots), and
            its mask, bool (10, slots).
        forecast: int (slots,), weather of tomorrow.
        calendar: int (slots,) each: the day's number, days before it since the start, and its
            weekday, -1 if unknown.
        horizon: days of an episode.
        rewarded: work out the reward components.
        baseline: heart rate, float32 (slots,), bpm, and habit, float32 (ROW_WIDTH, slots).

    Returns:
        Of tomorrow: day, elapsed and weekday, int (slots,); then observation, float32
        (slots, WIDTH), components, float32 (slots, 4), unset where not rewarded, and the
        executed action in raw units, float32 (slots, 7).
    """
    row, encoded, observed = today
    day, elapsed, weekday = calendar
    slots = len(day)
    tomorrow = np.empty((3, slots), dtype=np.intp)
    turn_page_loop(day, elapsed, weekday, tomorrow)
    observation = np.empty((slots, observations.WIDTH), dtype=np.float32)
    observations.assemble_loop(
        encoded, observed, tomorrow[2], forecast, tomorrow[1], horizon, observation
    )
    shares = np.empty((_COMPONENTS, slots), dtype=np.float32)
    if rewarded:
        usual_rate, habit = baseline
        rewards.reward_loop(row, encoded, usual_rate, habit, shares)
    executed = np.empty((len(_ACTIONS), slots), dtype=np.float32)
    for place in range(len(_ACTIONS)):
        for slot in range(slots):
            executed[place, slot] = row[_ACTIONS[place], slot]
    return tomorrow[0], tomorrow[1], tomorrow[2], observation, shares.T, executed.T
