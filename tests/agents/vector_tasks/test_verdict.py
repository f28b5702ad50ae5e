"""Dream against reality: hand-made episodes, and the verdict that follows from them."""

from __future__ import annotations

import numpy as np
import pytest

from agents.rollout import Episodes
from agents.vector_tasks.controllers import RANDOM
from agents.vector_tasks.paired import PairedRuns
from agents.vector_tasks.verdict import judge, length_ratio, numbers

NOISE = np.array([-1.0, 0.0, 1.0, 0.5, -0.5, 0.0])


def episodes(mean: float, length: int = 10) -> Episodes:
    count = len(NOISE)
    return Episodes(
        users=np.array([str(number) for number in range(count)]),
        days=np.zeros(count, dtype=int),
        returns=mean + NOISE,
        lengths=np.full(count, length),
        components={},
        uncertainty=np.zeros(count),
    )


def runs(dream: dict[str, float], real: dict[str, float]) -> PairedRuns:
    return PairedRuns(
        {name: episodes(mean, 20) for name, mean in dream.items()},
        {name: episodes(mean, 10) for name, mean in real.items()},
    )


def test_a_dream_that_promises_twice_the_gain() -> None:
    dream = {RANDOM: 0.0, "weak": 40.0, "ppo": 200.0, "cma_es": 60.0}
    real = {RANDOM: 0.0, "weak": 20.0, "ppo": 100.0, "cma_es": 30.0}
    paired = runs(dream, real)
    paired.told.update(weak={"x_velocity": 0.1}, ppo={"x_velocity": 0.5})
    found = judge(paired, ["ppo", "cma_es"])
    assert found["told"] == {RANDOM: {}, "ppo": {"x_velocity": 0.5}}
    assert found["best"] == "ppo"
    assert found["compared"] == 4
    assert found["rank_correlation"]["mean"] == pytest.approx(1.0)
    assert found["inflation"]["ppo"]["mean"] == pytest.approx(2.0)
    assert set(found["inflation"]) == {"ppo", "cma_es"}
    assert not any(one["is_exploit"] for one in found["exploits"].values())
    for name in (RANDOM, "ppo"):
        assert found["episode_length"][name]["ratio"]["mean"] == pytest.approx(2.0)


def test_what_wins_in_the_dream_alone_is_an_exploit() -> None:
    dream = {RANDOM: 0.0, "weak": 10.0, "ppo": 200.0}
    real = {RANDOM: 0.0, "weak": 5.0, "ppo": -100.0}
    found = judge(runs(dream, real), ["ppo"])
    assert found["best"] == "ppo"  # chosen without a look at reality
    assert found["exploits"]["ppo"]["is_exploit"]
    assert found["rank_correlation"]["mean"] < 0.0


def test_numbers_of_one_world() -> None:
    found = numbers(episodes(7.0, 12))
    assert found["return"]["mean"] == pytest.approx(7.0) and found["length"] == 12.0
    assert found["return"]["low"] < 7.0 < found["return"]["high"]
    ratio = length_ratio(episodes(0.0, 30), episodes(0.0, 40))
    assert ratio["ratio"]["mean"] == pytest.approx(0.75)
    assert ratio["dream"]["p50"] == 30.0 and ratio["real"]["p90"] == 40.0
