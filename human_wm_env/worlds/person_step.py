"""The end of a day in every person world, in one compiled loop: calendar, observation, reward."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.compiled import compiled, stamp
from human_wm_env.person import observation_assembly, rewards, schema
from human_wm_env.person.observations import WIDTH


@compiled
def turn_page_loop(
    day: np.ndarray, elapsed: np.ndarray, weekday: np.ndarray, week: int, calendar: np.ndarray
) -> None:
    """Write day, days since the start and weekday of tomorrow; an unknown weekday stays -1."""
    for slot in range(len(day)):
        calendar[0, slot] = day[slot] + 1
        calendar[1, slot] = elapsed[slot] + 1
        calendar[2, slot] = (weekday[slot] + 1) % week if weekday[slot] >= 0 else -1


def _make_close() -> Callable[..., tuple[np.ndarray, ...]]:
    """Return the loop `close`; its constants are locals, see `compiled`."""
    called = stamp(observation_assembly.assemble_loop, rewards.pay_loop)
    acted = np.array(schema.ACTION_FEATURES)
    shares, width, week = len(rewards.COMPONENTS), WIDTH, schema.DAYS_PER_WEEK

    @compiled
    def close(
        row: np.ndarray,
        encoded: np.ndarray,
        observed: np.ndarray,
        forecast: np.ndarray,
        day: np.ndarray,
        elapsed: np.ndarray,
        weekday: np.ndarray,
        horizon: int,
        pays: bool,
        usual_rate: np.ndarray,
        habit: np.ndarray,
    ) -> tuple[np.ndarray, ...]:
        """End a day.

        Args:
            row: float32 (10, slots), the day.
            encoded: float32 (ROW_WIDTH, slots), the same, encoded.
            observed: bool (10, slots), its mask.
            forecast: int (slots,), weather of tomorrow.
            day: int (slots,), the day's number.
            elapsed: int (slots,), days before it since the start.
            weekday: int (slots,), the day's, -1 if unknown.
            horizon: days of an episode.
            pays: work out the reward components.
            usual_rate: float32 (slots,), bpm, of the baseline.
            habit: float32 (ROW_WIDTH, slots), of the baseline.

        Returns:
            Of tomorrow: day, elapsed and weekday, int (slots,); then observation, float32
            (slots, WIDTH), components, float32 (slots, 4), unset where nothing is paid, and the
            executed action in raw units, float32 (slots, 7).
        """
        assert called
        slots = len(day)
        calendar = np.empty((3, slots), dtype=np.intp)
        turn_page_loop(day, elapsed, weekday, week, calendar)
        observation = np.empty((slots, width), dtype=np.float32)
        observation_assembly.assemble_loop(
            encoded, observed, calendar[2], forecast, calendar[1], horizon, observation
        )
        paid = np.empty((shares, slots), dtype=np.float32)
        if pays:
            rewards.pay_loop(row, encoded, usual_rate, habit, paid)
        executed = np.empty((len(acted), slots), dtype=np.float32)
        for place in range(len(acted)):
            for slot in range(slots):
                executed[place, slot] = row[acted[place], slot]
        return calendar[0], calendar[1], calendar[2], observation, paid.T, executed.T

    return close


close = _make_close()
