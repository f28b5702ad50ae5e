"""Logs as Minari data sets: the same logs come back, and actions and rewards are the env's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from human_wm_cli.main import main
from human_wm_env import (
    ConfigError,
    DataError,
    LogDataset,
    LogWarning,
    read_daily_csv,
    read_minari,
    write_minari,
)
from human_wm_env.person import actions, rewards, schema

minari = pytest.importorskip("minari")
DAY = [8000.0, 2300.0, 6.0, 200.0, 7.0, 70.0, 2.0, 0.0, 4.0, 0.0]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "minari"))


def logs(*, dates: bool = True) -> LogDataset:
    """Return three people of 5, 3 and 4 days with gaps."""
    rng = np.random.default_rng(0)
    rows = np.tile(np.array(DAY), (3, 5, 1))
    rows[..., :5] *= rng.uniform(0.9, 1.1, (3, 5, 5))
    observed = np.ones(rows.shape, bool)
    observed[0, 2, schema.STEPS] = observed[0, 3, schema.MOOD] = False
    observed[1, 1] = False
    length = np.array([5, 3, 4])
    start = np.array([738_000, 738_005, 738_100]) if dates else None
    return LogDataset.from_arrays(
        rows, observed, user_ids=["a", "b", "c"], days_logged=length, start_date=start
    )


@pytest.mark.parametrize("dates", [True, False])
def test_the_same_logs_come_back(dates: bool) -> None:
    given = logs(dates=dates)
    written = write_minari(given, "humanwm/some-v0")
    assert [len(one.rewards) for one in written] == [4, 2, 3]
    for found in (read_minari("humanwm/some-v0"), read_minari(written)):
        assert (found.user_ids, found.split_of) == (given.user_ids, given.split_of)
        for name in ("rows", "observed", "start_weekday", "days_logged"):
            assert np.array_equal(getattr(found, name), getattr(given, name)), name
        if dates:
            assert found.start_date is not None and given.start_date is not None
            assert np.array_equal(found.start_date, given.start_date)
        else:
            assert found.start_date is None


def test_actions_and_rewards_are_those_of_the_environments() -> None:
    given = logs()
    episode = write_minari(given, "humanwm/some-v0")[0]
    assert episode.observations.shape == (5, 43)
    assert episode.truncations.tolist() == [False, False, False, True]
    assert not episode.terminations.any()
    assert episode.infos["complete"].tolist() == [True, True, False, False, True]
    done = actions.decode(episode.actions)[:, list(schema.ACTION_FEATURES)]
    asked = given.rows[0, 1:5][:, list(schema.ACTION_FEATURES)]
    seen = given.observed[0, 1:5][:, list(schema.ACTION_FEATURES)]
    assert np.allclose(done[seen.all(axis=1)], asked[seen.all(axis=1)], rtol=1e-4)
    assert episode.actions[1, schema.ACTION_FEATURES.index(schema.STEPS)] == 0.0
    baseline = rewards.baseline_of(given.history(0, 5))
    known = rewards.components(given.rows[0, [1, 4]], baseline) @ [0.4, 0.3, 0.1, 0.2]
    assert np.allclose(episode.rewards[[0, 3]], known)
    assert episode.rewards[[1, 2]].tolist() == [0.0, 0.0]
    assert written_mask(episode.observations[3]).tolist() == given.observed[0, 3].tolist()


def written_mask(observation: np.ndarray) -> np.ndarray:
    return observation[schema.ROW_WIDTH : schema.ROW_WIDTH + schema.FEATURE_COUNT] > 0.5


def test_complete_days_alone_are_episodes_of_their_own() -> None:
    written = write_minari(logs(), "humanwm/whole-v0", complete=True)
    # What the first action of an episode knew need not be complete.
    assert [len(one.rewards) for one in written] == [1, 1, 1, 3]
    assert all(one.infos["complete"][1:].all() for one in written)
    with pytest.raises(DataError, match="complete=True, which leaves days out"):
        read_minari(written)


def test_a_path_brings_its_environment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.csv"
    logs().to_frame().to_csv(file, index=False)
    name = "humanwm/mine-v0"
    main(["export-minari", f"dataset={file}", f"name={name}", "json=true"])
    told = json.loads(capsys.readouterr().out)
    assert (told["episodes"], told["steps"]) == (3, 9)
    found = minari.load_dataset(name)
    assert found.env_spec.id == "HumanWM-v0"
    assert found.env_spec.kwargs["dataset"] == str(file)
    assert np.array_equal(read_minari(name).rows, read_daily_csv(file).dataset.rows)


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="name of a new Minari data set"):
        write_minari(logs(), "a b/c")
    write_minari(logs(), "humanwm/some-v0")
    with pytest.raises(ConfigError, match="already exists"):
        write_minari(logs(), "humanwm/some-v0")
    with pytest.raises(DataError, match=r"that human_wm_env.write_minari wrote"):
        read_minari("humanwm/none-v0")
    one_day = LogDataset.from_arrays(np.array([[DAY], [DAY]]), np.ones((2, 1, 10), bool))
    with pytest.raises(DataError, match="two consecutive days"):
        write_minari(one_day, "humanwm/day-v0")


def test_people_with_one_day_are_named() -> None:
    rows = np.tile(np.array(DAY), (2, 3, 1))
    short = LogDataset.from_arrays(rows, np.ones(rows.shape, bool), days_logged=np.array([3, 1]))
    with pytest.warns(LogWarning, match="1 people with a single day"):
        assert write_minari(short, "humanwm/short-v0").total_episodes == 1
