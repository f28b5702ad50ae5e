"""Logs of a path and how they are read, through `gym.make` as in Python and on the command line."""

from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import pytest

from human_wm_cli.data import DataConfig, load_dataset
from human_wm_env import ConfigError, DataError, LogWarning, read_daily_csv, write_logs
from human_wm_env.data.logs_file import read_logs
from human_wm_env.registration import resolve_dataset

ROWS = "date,steps,sleep_hours\n" + "".join(
    f"2021-05-{day:02d},{8000 + day},7.5\n" for day in range(1, 31)
)
TWICE = ROWS + "2021-05-03,5,7.5\n"
HIGH = ROWS.replace("2021-05-04,8004,7.5", "2021-05-04,8004,19")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "logs.csv"


def test_an_option_means_the_same_everywhere(file: Path) -> None:
    file.write_text(TWICE)
    want = read_daily_csv(file, repeated="last").dataset
    assert want.rows[0, 2, 0] == 5
    given = {"path": str(file), "repeated": "last"}
    env = gym.make("human_wm_env:HumanWMReplay-v0", dataset=given, horizon=3)
    assert env.unwrapped.world.dataset.fingerprint == want.fingerprint  # type: ignore[attr-defined]
    env.close()
    assert load_dataset(DataConfig(str(file), repeated="last")).fingerprint == want.fingerprint
    write_logs(file, file.parent / "logs", repeated="last", ids="plain")
    imported = read_logs(file.parent / "logs")
    assert imported.fingerprint == want.fingerprint


def test_every_caller_is_told_a_setting_that_it_has(file: Path) -> None:
    file.write_text(TWICE)
    remedy = "dataset={'path': 'logs.csv', 'repeated': 'first'} in Python, or .* `humanwm import`"
    with pytest.raises(DataError, match=remedy):
        resolve_dataset(file)
    with pytest.raises(DataError, match=r"set data\.repeated=first"):
        load_dataset(DataConfig(str(file)))
    with pytest.raises(DataError, match=r"read_daily_csv\(..., repeated='first'\)"):
        read_daily_csv(file)


def test_what_is_outside_is_masked_with_a_warning_or_an_error(file: Path) -> None:
    file.write_text(HIGH)
    with pytest.warns(LogWarning, match="sleep_hours"):
        assert not read_logs(file).observed[0, 3, 4]
    with pytest.raises(DataError, match="'outside': 'mask'"):
        read_logs({"path": file, "outside": "error"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"path": "x.csv", "repeatd": "last"}, "Did you mean 'repeated'"),
        ({"repeated": "last"}, "a dataset with a path"),
    ],
)
def test_what_is_no_dataset(given: dict[str, str], expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        resolve_dataset(given)
