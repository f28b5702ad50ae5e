from __future__ import annotations

import math

import numpy as np
import pytest

from agents.nudge.answers import DispositionPosterior
from agents.nudge.schedules import Outlook, Schedules, expected_returns, next_nudge
from human_wm_env.nudge.compliance import Compliance


def outlook(gain: list[float], log_odds: float = 0.0, today: float = 0.0) -> Outlook:
    """One person, nudges of these gains, a day worth .5."""
    odds = np.full((1, len(gain)), log_odds)
    zero, one = np.zeros(1), np.ones(1)
    return Outlook(zero, zero, odds, odds + today, one, np.array([gain]), 0.5 * one)


def test_the_schedules_are_never_and_each_period_from_each_day() -> None:
    def shown(days: int) -> set[str]:
        return {"".join(map(str, row.astype(int))) for row in Schedules.of(days).sent}

    assert shown(1) == {"0", "1"}
    assert shown(3) == {"000", "001", "010", "011", "100", "101", "110", "111"}
    assert {"0100100", "1100100", "1000100", "1001001", "0000000"} <= shown(7)
    assert "0110000" not in shown(7)


def test_two_days_by_hand() -> None:
    """A nudge today and none tomorrow, of a person who may quit."""
    model = Compliance(quit_rate=0.1, quit_burden=1.0)
    schedules = Schedules(np.array([[True, False], [False, False], [True, True]]))
    value = expected_returns(outlook([0.2], 0.4, -0.1), schedules, model, -0.01)[0, 0]
    first = 1.0 - math.exp(-1.0 / 3.0)
    second = first * math.exp(-1.0 / 3.0)
    stays = math.exp(-0.1 * math.exp(first))
    likely = 1.0 / (1.0 + math.exp(-0.3))
    once = 0.5 + 0.2 * likely - 0.01 * first + stays * (0.5 - 0.01 * second)
    assert value[0] == pytest.approx(once, abs=1e-6)
    assert value[1] == pytest.approx(0.5 + 0.5 * math.exp(-0.1), abs=1e-6)
    used = 1.0 - math.exp(-1.0 / 14.0)
    again = 1.0 / (1.0 + math.exp(-(0.4 - first - 1.5 * used)))
    third = second + first
    more = 0.5 + 0.2 * likely - 0.01 * first + stays * (0.5 + 0.2 * again - 0.01 * third)
    assert value[2] == pytest.approx(more, abs=1e-5)


@pytest.mark.parametrize(
    ("gain", "model", "sent"),
    [
        ([0.05, 0.3, -0.2], Compliance(), 2),
        ([-0.05, -0.3, -0.2], Compliance(), 0),
        ([0.05, 0.001, 0.001], Compliance(disposition=0.0, quit_rate=0.5, quit_burden=3.0), 0),
    ],
)
def test_what_is_sent_is_worth_it(gain: list[float], model: Compliance, sent: int) -> None:
    schedules = Schedules.of(20)
    value = expected_returns(outlook(gain), schedules, model, -0.01)
    assert next_nudge(value, schedules).tolist() == [sent]


def test_it_waits_for_better_weather() -> None:
    schedules = Schedules.of(20)
    value = expected_returns(outlook([0.05], 0.0, -3.0), schedules, Compliance(), -0.01)
    assert next_nudge(value, schedules).tolist() == [0]
    assert value.argmax(axis=2)[0, 0] != np.flatnonzero(~schedules.sent.any(axis=1))[0]


def test_answers_move_the_disposition() -> None:
    model = Compliance(liking_sd=0.0)
    posterior = DispositionPosterior(model, 3)
    flat = 1.0 / math.sqrt(1.0 + math.pi / 8.0)
    assert posterior.log_odds() == pytest.approx([0.0] * 3, abs=1e-9)
    for _ in range(40):
        posterior.take_in(np.full(3, 0.5), np.array([True, True, False]), np.array([1, 0, 1]) > 0)
    found = posterior.log_odds()
    assert found[0] > 1.0 and found[1] < -1.0 and found[2] == pytest.approx(0.0, abs=1e-9)
    assert flat < 1.0


def test_the_posterior_is_right_on_average() -> None:
    """Of people drawn from the population the mean log-odds come out nearer than the prior's."""
    model, rng = Compliance(liking_sd=0.0), np.random.default_rng(0)
    true = rng.standard_normal(400)
    posterior = DispositionPosterior(model, 400)
    for _ in range(25):
        likely = 1.0 / (1.0 + np.exp(0.7 - true))
        posterior.take_in(np.full(400, 0.7), np.ones(400, bool), rng.random(400) < likely)
    assert np.abs(posterior.log_odds() - true).mean() < 0.5 * np.abs(true).mean()
