from __future__ import annotations

import pytest

from agents.transformer.curriculum import Curriculum
from agents.transformer.settings import CurriculumConfig
from human_wm_env.errors import CheckpointError, ConfigError

LEVELS = [{"delay": 1}, {"delay": 3}, {"delay": 5}]


def curriculum() -> Curriculum:
    return Curriculum(CurriculumConfig(LEVELS, window=200, advance=0.8, fall_back=0.3))


def test_mastery_needs_a_whole_window_and_confidence() -> None:
    one = curriculum()
    assert not one.record(100, 100)  # too few
    assert one.record(95, 100)
    assert (one.level, one.arguments, one.changes) == (1, {"delay": 3}, [1])
    # 82% of 200: the lower bound of 95% is below 80%.
    assert not one.record(82, 100) and not one.record(82, 100)
    assert one.level == 1


def test_it_falls_back_and_stops_at_the_ends() -> None:
    one = curriculum()
    assert not one.record(0, 200) and one.level == 0
    one.level = 1
    assert one.record(10, 200) and one.level == 0
    one.level = 2
    assert not one.record(200, 200) and one.level == 2


def test_old_successes_are_forgotten() -> None:
    one = curriculum()
    for _ in range(20):
        one.record(50, 100)
    assert not one.record(100, 100)
    assert one.record(100, 100)


def test_a_restored_one_goes_on() -> None:
    one, other = curriculum(), curriculum()
    one.level = 1
    one.record(100, 100)
    other.restore(one.state())
    assert other.state() == one.state()
    assert other.record(100, 100) and other.level == 2
    with pytest.raises(CheckpointError, match="level below 3"):
        other.restore({"level": 3, "changes": [], "counts": []})


@pytest.mark.parametrize(
    "wrong", [{"window": 0}, {"advance": 0.2}, {"confidence": 1.0}, {"fall_back": -0.1}]
)
def test_wrong_settings_are_errors(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        CurriculumConfig(**wrong)  # type: ignore[arg-type]
