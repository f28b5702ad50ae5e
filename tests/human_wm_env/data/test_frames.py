from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import gymnasium as gym
import numpy as np
import pandas as pd
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.data.importers.daily_csv import read_daily_csv
from human_wm_env.errors import DataError
from human_wm_env.people.embedded import EmbeddedPeople


def frame(days: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "user_id": ["ann"] * days + ["bob"] * days,
            "date": [*pd.date_range("2024-01-01", periods=days)] * 2,
            "steps": rng.integers(2000, 9000, 2 * days),
            "sleep_hours": np.where(rng.random(2 * days) < 0.2, np.nan, 7.5),
            "workout_type": ["None", "Running"] * days,
            "mood": [None, *["Happy"] * (2 * days - 1)],
        }
    )


def test_a_frame_is_read_as_its_csv(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "logs.CSV", index=False)
    read = read_daily_csv(frame()).dataset
    assert read.fingerprint == read_daily_csv(tmp_path / "logs.CSV").dataset.fingerprint
    assert read.name == "DataFrame" and read.users == 2
    assert not read.observed[0, 0, -1] and read.observed[1, 0, -1]


def test_frames_go_out_and_come_back() -> None:
    first = read_daily_csv(frame()).dataset
    shown = first.to_frame()
    assert shown.shape == (80, 12) and shown["date"].iloc[0].date() == date(2024, 1, 1)
    assert shown["workout_type"].iloc[0] == "None" and pd.isna(shown["mood"].iloc[0])
    again = read_daily_csv(shown).dataset
    assert again.fingerprint == first.fingerprint


def test_logs_without_dates_have_numbered_days(small: EmbeddedPeople) -> None:
    shown = small.dataset.to_frame()
    assert list(shown.columns[:2]) == ["user_id", "day"]
    assert len(shown) == small.dataset.days_logged.sum()


@pytest.mark.parametrize("kind", ["str", "path"])
def test_environments_take_paths_of_any_case(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "logs.CSV"
    frame().to_csv(file, index=False)
    given = str(file) if kind == "str" else file
    env = gym.make("HumanWMReplay-v0", dataset=given, split="all", horizon=5)
    assert env.reset(seed=0)[0].shape == (43,)


def test_problems_of_a_frame_are_named() -> None:
    wrong = frame().assign(mood="glad")
    with pytest.raises(DataError, match="DataFrame"):
        read_daily_csv(wrong)


def test_environments_take_frames() -> None:
    env = gym.make("HumanWMReplay-v0", dataset=frame(), split="all", horizon=5)
    assert env.reset(seed=0, options={"user": "bob"})[0].shape == (43,)
    twice = pd.concat([frame(), frame()])
    with pytest.raises(DataError, match=re.escape("dataset={'path': frame, 'repeated': 'first'}")):
        gym.make("HumanWMReplay-v0", dataset=twice)
    once = {"path": twice, "repeated": "first", "name": "ours"}
    assert gym.make("HumanWMReplay-v0", dataset=once, split="all", horizon=5).reset(seed=0)


def test_notebooks_show_a_report_with_its_logs() -> None:
    shown = read_daily_csv(frame(), name="<mine>")._repr_html_()
    assert "80 rows of 2 people" in shown and "&lt;mine&gt;: 2 people, 80 days" in shown


def test_notebooks_show_embedded_people_as_their_logs(small: EmbeddedPeople) -> None:
    assert small._repr_html_() == small.dataset._repr_html_()


def test_notebooks_show_what_was_logged(short_logs: LogDataset) -> None:
    shown = short_logs._repr_html_()
    assert f"{short_logs.users} people" in shown and shown.count("<tr>") == 11
