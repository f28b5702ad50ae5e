from __future__ import annotations

import json

import numpy as np
import pytest

from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.summary_table import summarise, table_rows
from agents.rollout import Episodes


def episodes(returns: list[float], mood: float = 0.5) -> Episodes:
    count = len(returns)
    return Episodes(
        users=np.array(["a", "a", "b", "b"][:count]),
        days=np.arange(count),
        returns=np.array(returns),
        lengths=np.full(count, 30),
        components={"mood": np.full(count, mood)},
        uncertainty=np.zeros(count),
    )


RESULTS = {
    "dream": {"habit": episodes([3.0, 3.0, 3.0, 3.0]), "ppo": episodes([9.0, 9.0, 9.0, 9.0])},
    "simulator": {
        "habit": episodes([1.0, 1.0, 3.0, 3.0]),
        "ppo": episodes([2.0, 2.0, 5.0, 5.0], mood=0.75),
    },
}


def test_a_summary_by_hand() -> None:
    summary = summarise(RESULTS, Bootstrap(resamples=2000))
    ppo = summary["simulator"]["ppo"]
    # People a and b: means 2 and 5; differences to habit 1 and 2.
    assert ppo["return"] == {"mean": 3.5, "low": 2.0, "high": 5.0}
    assert ppo["minus_habit"] == {"mean": 1.5, "low": 1.0, "high": 2.0}
    assert ppo["components"] == {"mood": 0.75}
    assert (ppo["episodes"], ppo["people"], ppo["uncertainty"]) == (4, 2, 0.0)
    assert "minus_random" not in ppo  # random took no part
    assert "minus_habit" not in summary["simulator"]["habit"]
    json.dumps(summary, allow_nan=False)


def test_rows_for_printing() -> None:
    rows = table_rows(summarise(RESULTS, Bootstrap(resamples=500)), "simulator")
    assert rows[1] == {
        "agent": "ppo",
        "return in dream": "9.00 [9.00, 9.00]",
        "return in simulator": "3.50 [2.00, 5.00]",
        "IQM": "3.50 [3.50, 3.50]",  # every person's episodes are alike
        "- habit": "1.50 [1.00, 2.00]",
        "mood": 0.75,
    }


@pytest.mark.parametrize("truth", ["simulator", "nowhere"])
def test_without_the_truth_the_last_world_is_shown(truth: str) -> None:
    summary = summarise(RESULTS, Bootstrap(resamples=500))
    assert table_rows(summary, truth)[1]["mood"] == 0.75
    alone = {"dream": summary["dream"]}
    assert table_rows(alone, truth)[1]["- habit"] == "6.00 [6.00, 6.00]"


def test_with_habit_and_oracle_returns_become_scores() -> None:
    of_agents = {
        "habit": episodes([1.0, 1.0, 3.0, 3.0]),
        "ppo": episodes([2.0, 2.0, 5.0, 5.0]),
        "oracle": episodes([3.0, 3.0, 7.0, 7.0]),
    }
    summary = summarise({"simulator": of_agents}, Bootstrap(resamples=500))["simulator"]
    # Gains over habit: people a and b 1 and 2, the oracle's 2 and 4.
    assert summary["ppo"]["score"] == {"mean": 50.0, "low": 50.0, "high": 50.0}
    assert summary["habit"]["score"]["mean"] == 0.0
    assert summary["ppo"]["regret"]["by_person"] == {"a": 1.0, "b": 2.0}
    row = table_rows({"simulator": summary}, "simulator")[1]
    assert row["score"] == "50.00 [50.00, 50.00]"


def test_an_agent_may_be_missing_in_a_world() -> None:
    results = {
        "dream": {"habit": episodes([1.0, 2.0])},
        "simulator": {"habit": episodes([1.0, 2.0])},
    }
    results["simulator"]["oracle"] = episodes([3.0, 4.0])
    rows = table_rows(summarise(results, Bootstrap(resamples=100)), "simulator")
    assert rows[1]["return in dream"] is None
