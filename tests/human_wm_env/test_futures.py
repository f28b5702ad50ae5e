"""Imagined futures: 125 crossed branches for display, free draws for everything counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from human_wm_env.data.dataset import LogDataset
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.futures import Futures, imagine_futures, imagine_population
from human_wm_env.model.branches import BRANCHES
from human_wm_env.person import schema
from human_wm_env.random_streams import Stream
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.starts import PersonStart
from tests.world_model import tiny

CONTINUOUS = np.array(schema.CONTINUOUS_FEATURES)
HORIZON = 5


def imagine(**settings: Any) -> Futures:
    settings = {"draws": 60, "horizon": HORIZON} | settings
    return imagine_futures(tiny.logs(), "p004", 60, world_model=tiny.runtime(), **settings)


@pytest.fixture(scope="module")
def futures() -> Futures:
    return imagine()


def test_shapes(futures: Futures) -> None:
    assert futures.rows.shape == (BRANCHES, HORIZON, 10)
    assert futures.draws.shape == (60, HORIZON, 10)
    assert (
        imagine(horizon=1, draws=500).draws.shape
        == imagine_futures(
            tiny.logs(), "p004", 60, world_model=tiny.runtime(), horizon=1
        ).draws.shape
    )
    assert (futures.user, futures.day, futures.history.days) == ("p004", 60, 60)
    for rows in (futures.rows, futures.draws):
        assert np.isfinite(rows).all() and (rows[..., schema.STEPS] >= 0).all()


def test_frames_have_a_row_a_branch_and_day(futures: Futures) -> None:
    shown = futures.to_frame()
    assert list(shown.columns) == ["branch", "day", *schema.FEATURE_NAMES]
    assert len(shown) == BRANCHES * HORIZON
    (one,) = shown[(shown["branch"] == 7) & (shown["day"] == 62)].to_dict("records")
    assert one["steps"] == futures.rows[7, 2, schema.STEPS]
    mood = schema.FEATURES[schema.MOOD]
    assert isinstance(mood, schema.Categorical)
    assert one["mood"] == mood.categories[int(futures.rows[7, 2, schema.MOOD])]
    dated = replace(futures, first_date=date(2024, 2, 28)).to_frame()
    assert [str(one.date()) for one in dated["date"][1:3]] == ["2024-02-29", "2024-03-01"]


def test_notebooks_show_what_a_day_may_be(futures: Futures) -> None:
    shown = replace(futures, first_date=date(2024, 2, 28))._repr_html_()
    assert "p004: 5 imagined days from day 60, 2024-02-28; 125 branches, 60 draws" in shown
    median = np.median(futures.draws[..., schema.STEPS])
    assert "<td>steps</td>" in shown and f"<td>{median:.4g}</td>" in shown


def test_the_branches_are_those_of_the_vector_env(futures: Futures) -> None:
    world = DreamWorld(tiny.runtime(), tiny.logs(), split="all", horizon=HORIZON, adherence=0.0)
    env = VectorEnv(world, BRANCHES)
    env.reset(seed=0, options={"user": "p004", "day": 60})
    for day in range(HORIZON):
        env.step(np.zeros((BRANCHES, 7), dtype=np.float32))
        np.testing.assert_allclose(
            futures.rows[:, day, CONTINUOUS], env.state.row[:, CONTINUOUS], rtol=1e-3, atol=1e-2
        )


def test_the_number_of_draws_changes_neither_branches_nor_draws(futures: Futures) -> None:
    fewer = imagine(draws=7)
    np.testing.assert_allclose(
        fewer.rows[..., CONTINUOUS], futures.rows[..., CONTINUOUS], rtol=1e-3, atol=1e-2
    )
    np.testing.assert_allclose(
        fewer.draws[..., CONTINUOUS], futures.draws[:7, :, CONTINUOUS], rtol=1e-3, atol=1e-2
    )


def test_every_draw_has_latents_and_noise_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    first_state = DreamWorld.first_state

    def watched(self: DreamWorld, starts: list[PersonStart], streams: list[Stream]) -> Any:
        state = first_state(self, starts, streams)
        seen.update(starts=starts, streams=streams, latents=state.inner.latents)
        return state

    monkeypatch.setattr(DreamWorld, "first_state", watched)
    imagine(draws=60, horizon=1)
    streams, latents = seen["streams"], seen["latents"]
    assert len({stream.noise for stream in streams}) == BRANCHES + 60
    assert len({stream.latents for stream in streams}) == 1 + 60
    blocks = tiny.TINY.blocks
    for block in blocks.values():
        # Five of each block for all branches together; one of its own for every draw.
        assert len(np.unique(latents[:BRANCHES, block], axis=0)) == 5
        assert len(np.unique(latents[BRANCHES:, block], axis=0)) == 60
    branches = [start.branch for start in seen["starts"]]
    assert branches[:BRANCHES] == list(range(BRANCHES))
    assert len(set(branches[BRANCHES:])) > 30


def test_draws_are_distributed_as_the_posterior(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    begin = DreamWorld.begin

    def watched(self: DreamWorld, starts: list[PersonStart], streams: list[Stream]) -> Any:
        state = begin(self, starts, streams)
        seen.append(state.latents)
        return state

    monkeypatch.setattr(DreamWorld, "begin", watched)
    imagine(draws=2000, horizon=1)
    posterior, _ = tiny.runtime().encode([tiny.logs().history(4, 60)])
    standard = (seen[0][BRANCHES:] - posterior.mean) / posterior.sd
    np.testing.assert_allclose(standard.mean(axis=0), 0.0, atol=0.1)
    np.testing.assert_allclose(standard.std(axis=0), 1.0, atol=0.08)
    assert np.abs(np.corrcoef(standard.T) - np.eye(standard.shape[1])).max() < 0.1


def test_the_same_seed_gives_the_same_futures(futures: Futures) -> None:
    again, other = imagine(), imagine(seed=1)
    for name in ("rows", "draws"):
        np.testing.assert_array_equal(getattr(again, name), getattr(futures, name))
        assert (getattr(other, name) != getattr(futures, name)).any()


def test_impossible_requests_are_refused() -> None:
    for draws in (0, -1, 2.5):
        with pytest.raises(ConfigError):
            imagine(draws=draws)
    with pytest.raises(DataError):
        imagine_futures(tiny.logs(), "p999", 60, world_model=tiny.runtime())
    with pytest.raises(DataError):
        imagine_futures(tiny.logs(), "p004", 5, world_model=tiny.runtime())
    with pytest.raises(ConfigError, match="a seed >= 0"):
        imagine(seed=-1)


def test_a_log_that_is_too_short_is_named_with_what_it_needs() -> None:
    logs = tiny.logs()
    short = LogDataset.from_arrays(logs.rows[:1, :13], logs.observed[:1, :13], user_ids=["me"])
    with pytest.raises(DataError, match=r"14 days of user 'me'; received 13 days\. Log a"):
        imagine_futures(short, "me", "end", world_model=tiny.runtime())


def test_a_populations_futures_are_those_of_the_vector_env() -> None:
    users = np.array([7, 2])
    rows = imagine_population(
        tiny.logs(), 60, users=users, world_model=tiny.runtime(), horizon=HORIZON, seed=3
    )
    assert rows.shape == (2, BRANCHES, HORIZON, 10)
    world = DreamWorld(
        tiny.runtime(), tiny.logs(), split="all", horizon=HORIZON, adherence=0.0, masking="none"
    )
    env = VectorEnv(world, 2 * BRANCHES)
    names = [f"p{user:03d}" for user in np.repeat(users, BRANCHES)]
    env.reset(seed=3, options={"user": names, "day": 60})
    for day in range(HORIZON):
        env.step(np.zeros((2 * BRANCHES, 7), dtype=np.float32))
        np.testing.assert_allclose(
            rows.reshape(-1, HORIZON, 10)[:, day], env.state.row, rtol=1e-3, atol=1e-2
        )


def test_threads_do_not_change_a_population() -> None:
    arguments: dict[str, Any] = {"world_model": tiny.runtime(), "horizon": 3}
    one, two = (imagine_population(tiny.logs(), 60, threads=n, **arguments) for n in (1, 2))
    assert one.shape == (12, BRANCHES, 3, 10)
    np.testing.assert_array_equal(one, two)


def test_the_end_is_the_day_after_the_log() -> None:
    logged = int(tiny.logs().days_logged[tiny.logs().index_of("p004")])
    settings = {"world_model": tiny.runtime(), "horizon": 2, "draws": 1}
    ended = imagine_futures(tiny.logs(), "p004", "end", **settings)
    assert (ended.day, ended.history.days) == (logged, logged)
    same = imagine_futures(tiny.logs(), "p004", logged, **settings)
    np.testing.assert_array_equal(ended.rows, same.rows)


def test_logs_are_taken_as_environments_take_them() -> None:
    people = tiny.people()
    found, same = (
        imagine_futures(of, "p004", 60, world_model=tiny.runtime(), horizon=2, draws=1)
        for of in (people, people.dataset)
    )
    np.testing.assert_array_equal(found.rows, same.rows)
    with pytest.raises(ConfigError, match="a LogDataset or EmbeddedPeople"):
        imagine_futures("my_logs", "p004", 60, world_model=tiny.runtime())
