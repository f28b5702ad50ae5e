"""Heart rates that an export lists one by one, as means of days."""

from __future__ import annotations

from human_wm_env.exports.day_log import DayLogBuilder, as_number
from human_wm_env.exports.ledger import Where
from human_wm_env.exports.stamps import DAY_SECONDS
from human_wm_env.person import schema

HIGHEST_RATE = 250.0


def possible_rate(
    log: DayLogBuilder, day: int, text: object, where: Where, column: str
) -> float | None:
    """Return a heart rate, counted as read; one that is impossible is rejected."""
    rate = as_number(text)
    if rate is not None and 0 < rate <= HIGHEST_RATE:
        return rate
    why = "it should be a possible heart rate"
    log.reject_cell(schema.HEART_RATE, day, where, column, text, why)
    return None


class DailyRates:
    """The heart rates of one person's days.

    Args:
        log: their means are put there.
        file: what they are said to be from.
        column: name of the rate there.
    """

    def __init__(self, log: DayLogBuilder, file: str, column: str) -> None:
        self._log, self._file, self._column = log, file, column
        self._sums: dict[int, tuple[float, int]] = {}
        # By day, a bit for each second that has a rate: exports have one every few seconds.
        self._seconds: dict[int, bytearray] = {}

    def add(
        self,
        day: int | None,
        text: object,
        where: Where,
        why: str = "its date should be a day since 2000",
        *,
        moment: int | None = None,
    ) -> None:
        """Read a rate.

        Args:
            day: ordinal of its date; None rejects it.
            text: the rate.
            where: its place.
            why: what says its day.
            moment: local seconds; a second rate of one moment is merged. None is like no other.
        """
        self._log.ledger.read(schema.HEART_RATE)
        if day is None:
            self._log.ledger.reject(schema.HEART_RATE, where, self._column, text, why)
            return
        rate = possible_rate(self._log, day, text, where, self._column)
        if rate is None:
            return
        if moment is not None and not self._is_new(day, moment % DAY_SECONDS):
            self._log.ledger.merge(schema.HEART_RATE)
            return
        total, count = self._sums.get(day, (0.0, 0))
        self._sums[day] = (total + rate, count + 1)

    def _is_new(self, day: int, second: int) -> bool:
        seconds = self._seconds.setdefault(day, bytearray(DAY_SECONDS // 8))
        place, bit = divmod(second, 8)
        known = seconds[place] >> bit & 1
        seconds[place] |= 1 << bit
        return not known

    def write(self) -> None:
        """Put the means into the log."""
        where = Where(self._file, "mean of the day")
        for day, (total, count) in self._sums.items():
            mean = total / count
            self._log.put(schema.HEART_RATE, day, mean, where, self._column, values=count)
