"""A CSV of one's own logs as the data set of an environment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import gymnasium as gym
import pytest

import human_wm_env  # noqa: F401 (registers the ids)
from human_wm_env.errors import ConfigError, DataError, LogWarning, ResetNeededError
from human_wm_env.person import schema

CELLS = "8000,2300,5.9,230,7.2,71,None,Clear,Home,Happy"


def write_logs(folder: Path, **changed: str) -> str:
    """Write 56 days of three people, from 2024-01-01, every third day with changed cells."""
    usual = dict(zip(schema.FEATURE_NAMES, CELLS.split(","), strict=True))
    file = folder / "logs.csv"
    lines = ["user_id,date," + ",".join(schema.FEATURE_NAMES)]
    for user in ("ann", "bob", "cyd"):
        for day in range(56):
            cells = usual | (changed if day % 3 == 0 else {})
            lines.append(f"{user},{date(2024, 1, 1) + timedelta(day)},{','.join(cells.values())}")
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def test_a_csv_is_dreamt(tmp_path: Path) -> None:
    env = gym.make("HumanWM-v0", dataset=write_logs(tmp_path), split="all", horizon=5)
    _, info = env.reset(seed=0, options={"user": "bob", "day": 20})
    assert env.unwrapped.user_name(info["user_index"]) == "bob"  # type: ignore[attr-defined]
    assert env.step(env.action_space.sample())[1] > 0.0


def test_impossible_values_are_told_and_change_no_reward(tmp_path: Path) -> None:
    with pytest.warns(LogWarning, match="57 of 168 values of heart_rate_avg outside 40 to 160"):
        zeros = gym.make(
            "HumanWM-v0", dataset=write_logs(tmp_path, heart_rate_avg="0"), split="all"
        )
    masked = gym.make("HumanWM-v0", dataset=write_logs(tmp_path, heart_rate_avg=""), split="all")
    for env in (zeros, masked):
        env.reset(seed=0, options={"user": "bob", "day": 50})
    action = zeros.action_space.sample()
    assert zeros.step(action)[1] == masked.step(action)[1]
    with pytest.raises(DataError, match="It looks like minutes: divide by 60"):
        file = write_logs(tmp_path)
        Path(file).write_text(Path(file).read_text().replace(",7.2,", ",432,"))
        gym.make("HumanWM-v0", dataset=file)


def test_a_start_day_may_be_a_date(tmp_path: Path) -> None:
    env = gym.make("HumanWM-v0", dataset=write_logs(tmp_path), split="all", horizon=5)
    for given in ("2024-01-31", date(2024, 1, 31), datetime(2024, 1, 31)):
        assert env.reset(seed=0, options={"user": "ann", "day": given})[1]["day"] == 30
    with pytest.raises(DataError, match=r"from 14 .*2024-01-15.* to 56 .*2024-02-26"):
        env.reset(options={"user": "ann", "day": "2025-01-01"})
    with pytest.raises(ConfigError, match="a day as a whole number or a date"):
        env.reset(options={"user": "ann", "day": "tomorrow"})
    people = gym.make("HumanWM-v0")
    with pytest.raises(DataError, match="no dates are known of 'embedded'"):
        people.reset(options={"user": "p003", "day": "2024-01-31"})


@pytest.mark.parametrize("env_id", ["HumanWM-v0", "HumanWMReplay-v0"])
def test_a_first_reset_that_was_refused_leaves_the_env_whole(tmp_path: Path, env_id: str) -> None:
    env = gym.make(env_id, dataset=write_logs(tmp_path), split="all", horizon=5)
    with pytest.raises(DataError, match="Did you mean 'bob'"):
        env.reset(options={"user": "bobb"})
    with pytest.raises(ResetNeededError):
        env.step(env.action_space.sample())
    env.reset(seed=1, options={"user": "bob"})
    assert not env.step(env.action_space.sample())[3]


def test_another_word_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"path to a \.csv"):
        gym.make("HumanWM-v0", dataset="my logs")
