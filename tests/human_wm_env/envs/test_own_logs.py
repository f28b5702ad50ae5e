"""A CSV of one's own logs as the data set of an environment."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest

import human_wm_env  # noqa: F401 (registers the ids)
from human_wm_env.errors import ConfigError
from human_wm_env.person import schema


def test_a_csv_is_dreamt(tmp_path: Path) -> None:
    file = tmp_path / "logs.csv"
    lines = ["user_id,date," + ",".join(schema.FEATURE_NAMES)]
    for user in ("ann", "bob", "cyd"):
        for day in range(60):
            date = f"2024-{1 + day // 30:02d}-{1 + day % 30 % 28:02d}"
            if day % 30 >= 28:
                continue
            cells = "8000,2300,5.9,230,7.2,71,None,Clear,Home,Happy"
            lines.append(f"{user},{date},{cells}")
    file.write_text("\n".join(lines) + "\n")
    env = gym.make("HumanWM-v0", dataset=str(file), split="all", horizon=5)
    _, info = env.reset(seed=0, options={"user": "bob", "day": 20})
    assert info["user"] == "bob"
    assert env.step(env.action_space.sample())[1] > 0.0


def test_another_word_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"path to a \.csv"):
        gym.make("HumanWM-v0", dataset="my logs")
