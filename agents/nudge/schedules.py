"""What a plan of nudges is expected to bring: compliance, burden and quitting in expectation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from human_wm_env.nudge.compliance import Compliance
from human_wm_env.person.choices import sigmoid

# Days from one nudge to the next that are looked at; the first one may wait for as long.
PERIODS = (1, 2, 3, 4, 5, 7, 10, 15)


@dataclass(frozen=True)
class Schedules:
    """Plans that send one nudge every so many days, from some day on, and perhaps today.

    Attributes:
        sent: bool (schedules, days), when something is sent; the first one never sends.
    """

    sent: np.ndarray

    @classmethod
    def of(cls, days: int) -> Schedules:
        """Return all schedules of so many days to come that differ.

        Whatever begins later has a twin that begins today: nothing is put off for the sake of
        where the last nudge falls.
        """
        plans = [np.zeros(days, dtype=bool)]
        for period in PERIODS:
            for first in range(min(period + 1, days)):
                plan = np.zeros(days, dtype=bool)
                plan[first::period] = True
                sooner = plan.copy()
                sooner[first], sooner[0] = False, True
                plans += [plan, plan | (np.arange(days) == 0), sooner]
        return cls(np.unique(np.stack(plans), axis=0))


@dataclass(frozen=True)
class Outlook:
    """What a planner holds of each person, batch-first.

    Attributes:
        burden: float (slots,), today.
        habituation: float (slots,), today.
        log_odds: float (slots, nudges), of complying with each when fresh.
        log_odds_today: float (slots, nudges), the same with today's tiredness and weather.
        quit_factor: float (slots,).
        gain: float (slots, nudges), reward that complying with each adds, over all days.
        reward: float (slots,), of a day without nudges.
    """

    burden: np.ndarray
    habituation: np.ndarray
    log_odds: np.ndarray
    log_odds_today: np.ndarray
    quit_factor: np.ndarray
    gain: np.ndarray
    reward: np.ndarray


def expected_returns(
    outlook: Outlook, schedules: Schedules, model: Compliance, burden_weight: float
) -> np.ndarray:
    """Return what each nudge by each schedule is expected to bring until the end.

    Days are weighed by the probability that the person has not quit. What a followed nudge adds
    later is counted on its own day, and gains are taken to be the same on all days.

    Args:
        outlook: of the people.
        schedules: of the days that are left.
        model: of compliance.
        burden_weight: of a day's burden in the reward.

    Returns:
        float (slots, nudges, schedules).
    """
    count, days = schedules.sent.shape
    slots, nudges = outlook.gain.shape
    burden, habituation = (
        np.repeat(part[:, None], count, axis=1) for part in (outlook.burden, outlook.habituation)
    )
    staying = np.ones((slots, count))
    value = np.zeros((slots, nudges, count))
    for day in range(days):
        sent = np.broadcast_to(schedules.sent[:, day], (slots, count))
        fresh = outlook.log_odds_today if day == 0 else outlook.log_odds
        lost = model.burden * burden + model.habituation * habituation
        likely = sigmoid(fresh[:, :, None] - lost[:, None, :])
        burden, habituation = model.after(burden, habituation, sent)
        of_day = outlook.reward[:, None] + burden_weight * burden
        gained = likely * outlook.gain[:, :, None] * sent[:, None, :]
        value += staying[:, None, :] * (of_day[:, None, :] + gained)
        rate = model.quit_rate * outlook.quit_factor[:, None] * np.exp(model.quit_burden * burden)
        staying = staying * np.exp(-rate)
    return value


def next_nudge(value: np.ndarray, schedules: Schedules) -> np.ndarray:
    """Return what the best plan sends today, int (slots,), 0 for nothing.

    Args:
        value: float (slots, nudges, schedules), see `expected_returns`.
        schedules: the same.
    """
    slots, _, count = value.shape
    nudge, schedule = np.divmod(value.reshape(slots, -1).argmax(axis=1), count)
    return np.where(schedules.sent[schedule, 0], nudge + 1, 0)
