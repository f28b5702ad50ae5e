"""Scores of V and M: a small one by hand, one of Pendulum-v1 beside simple forecasts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from human_wm_env.vector_dream.episodes import Episode, EpisodeLog
from human_wm_env.vector_dream.nets import VectorNets
from tests.human_wm_env.vector_dream.small import TASK, batch, checkpoint
from tests.world_model.vector import pendulum
from world_model.card.proper_scores import energy
from world_model.vector import scores
from world_model.vector.scores import (
    _log_density,
    _outcomes,
    _per_entry,
    dream_futures,
    judge_m,
    judge_v,
)
from world_model.vector.train import Splits
from world_model.vector.windows import encode_log, remembered

MADE = checkpoint()
NETS = VectorNets(MADE)


def log(*lengths: int, ended: bool = True, seed: int = 0) -> EpisodeLog:
    def episode(steps: int, place: int) -> Episode:
        seen, actions = batch(3, steps + 1, seed + place), batch(1, steps, seed + place)
        rewards = np.sin(np.arange(steps, dtype=np.float64) + place)
        return Episode(seen, actions, rewards, ended and place == 0, not ended)

    return EpisodeLog(TASK, tuple(episode(steps, place) for place, steps in enumerate(lengths)))


def test_v_and_m_foretell_held_out_episodes() -> None:
    splits = Splits.of(pendulum.log(), pendulum.SMALL.seed)
    of_v = judge_v(pendulum.checkpoint(), splits)
    assert of_v["variance_explained"] > 0.99
    of_m = judge_m(pendulum.checkpoint(), splits)
    for rival in ("linear_gaussian", "no_change"):
        assert of_m["one_step"][f"over_{rival}"]["low"] > 0.0, rival
    assert of_m["ten_steps"]["no_change_minus_ours"]["low"] > 0.0
    assert of_m["outcomes"]["reward_r2"] > 0.9


def test_v_by_hand() -> None:
    splits = Splits(log(40, seed=9), log(3), log(6, 5))
    found = judge_v(MADE, splits)
    held = NETS.normalise(splits.test.observations())
    mean, log_variance = NETS.encode(splits.test.observations())
    missed = ((held - NETS.reconstruct(mean)) ** 2).sum(axis=0)
    spread = ((held - held.mean(axis=0)) ** 2).sum(axis=0)
    assert found["variance_explained"] == pytest.approx(1.0 - missed.sum() / spread.sum())
    assert found["per_entry"][:2] == pytest.approx(list(1.0 - missed[:2] / spread[:2]))
    assert found["per_entry"][2] is found["pca_per_entry"][2] is None  # never varies
    assert found["pca"] == pytest.approx(1.0, abs=1e-6)  # two entries, two components
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1.0 - log_variance).mean(axis=0)
    assert found["kl_nats"] == pytest.approx(kl.sum(), rel=1e-5)
    assert found["active_units"] == (kl > 0.01).sum()
    assert _per_entry(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[4.0, 0.0], [2.0, 0.0]])) == [
        *(0.5, None)
    ]


def test_the_memory_and_the_density_of_each_step() -> None:
    (episode,) = encode_log(NETS, log(5))
    z = batch(2, 6)
    h = remembered(NETS, z, episode)
    state = np.zeros((1, 4), dtype=np.float32)
    found = _log_density(NETS, z, episode, h)
    for step in range(5):
        np.testing.assert_allclose(h[step], state[0], rtol=1e-5)
        row, action = z[step : step + 1], episode.actions[step : step + 1]
        mixture = NETS.next_latents(row, action, state)
        apart = (z[step + 1][None, None, :, None] - mixture.mean) / mixture.scale
        density = np.exp(-0.5 * apart**2) / (mixture.scale * np.sqrt(2.0 * np.pi))
        by_member = (mixture.weights() * density).sum(axis=-1).prod(axis=-1)
        assert found[step] == pytest.approx(np.log(by_member.mean()), rel=1e-3, abs=1e-3)
        state = NETS.remember(state, row, action)


def test_outcomes_by_hand() -> None:
    episodes = encode_log(NETS, log(4, 3))
    paths = [batch(2, len(each) + 1) for each in episodes]
    memories = [remembered(NETS, z, each) for z, each in zip(paths, episodes, strict=True)]
    found = _outcomes(NETS, paths, episodes, memories)
    told = [
        NETS.outcomes(z[:-1], each.actions, z[1:], h)
        for z, each, h in zip(paths, episodes, memories, strict=True)
    ]
    rewards = np.concatenate([each.rewards for each in episodes])
    expected = np.concatenate([reward.mean(axis=0) for reward, _ in told])
    missed = ((rewards - expected) ** 2).sum() / ((rewards - rewards.mean()) ** 2).sum()
    assert found["reward_r2"] == pytest.approx(1.0 - missed, rel=1e-4)
    assert found["ends_foretold"] == pytest.approx(
        sum(float(end.mean(axis=0).sum()) for _, end in told), rel=1e-4
    )
    assert found["ends_seen"] == 1
    same = [type(each)(*_with_rewards(each, 1.0)) for each in episodes]
    assert _outcomes(NETS, paths, same, memories)["reward_r2"] is None


def _with_rewards(each: Any, value: float) -> tuple[Any, ...]:
    rewards = np.full_like(each.rewards, value)
    return each.mean, each.deviation, each.actions, rewards, each.terminated


def test_rollouts_go_on_from_z_and_h() -> None:
    first, h, actions = batch(2, 3), batch(4, 3), np.stack([batch(1, 2, seed) for seed in range(3)])
    drawn = dream_futures(MADE, first, h, actions, 4000, np.random.default_rng(0))
    assert drawn.shape == (3, 4000, 2)
    once = dream_futures(MADE, first, h, actions[:, :1], 4000, np.random.default_rng(0))
    expected = NETS.next_latents(first, actions[:, 0], h)
    spread = (expected.scale**2 + expected.mean**2) * expected.weights()
    mean = expected.expected().mean(axis=0)
    np.testing.assert_allclose(
        once.mean(axis=1), mean, atol=0.15 * float(np.sqrt(spread.sum(-1).max()))
    )


def test_m_by_hand_where_episodes_are_short_and_long() -> None:
    splits = Splits(log(30, 30, seed=3), log(3), log(9, 9))
    assert judge_m(MADE, splits)["ten_steps"] is None  # none has ten steps
    longer = Splits(splits.train, splits.validation, log(12, 10))
    found = judge_m(MADE, longer, seed=1)
    assert found["ten_steps"]["starts"] == 3 + 1
    assert judge_m(MADE, longer, seed=1, starts=2)["ten_steps"]["starts"] == 2
    assert found == judge_m(MADE, longer, seed=1) != judge_m(MADE, longer, seed=2)


def test_energy_scores_are_in_deviations_of_z(monkeypatch: pytest.MonkeyPatch) -> None:
    """With futures given, every score is the energy of both divided by the spread of z."""
    splits = Splits(log(30, 30, seed=3), log(3), log(10))
    paths: list[np.ndarray] = []
    futures = batch(2, 100, seed=4)[None]

    def given(checkpoint: Any, z: np.ndarray, *rest: Any) -> np.ndarray:
        paths.append(z)
        return futures

    monkeypatch.setattr(scores, "dream_futures", given)
    found = judge_m(MADE, splits)["ten_steps"]
    rng = np.random.default_rng(np.random.SeedSequence([0, 53]))
    for each in encode_log(NETS, splits.train):
        each.draw(rng)
    (episode,) = encode_log(NETS, splits.test)
    z = episode.draw(rng)
    np.testing.assert_allclose(paths[0], z[:1])
    scale = z.std(axis=0) + 1e-6
    expected = energy(futures[0] / scale, z[10] / scale)
    assert found["energy_score"] == pytest.approx(float(expected), rel=1e-4)
