"""The first stage: who learns what, and when."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.runtime.encoder import Posterior
from tests.world_model import tiny
from world_model.data.encoded_logs import encode_logs
from world_model.training import nets_stage
from world_model.training.config import RolloutConfig, StageConfig, TrainingConfig
from world_model.training.logger import SilentLogger
from world_model.training.nets_stage import ROLLOUTS, NetsStage
from world_model.training.trainer import OBJECTIVE, fit

CONFIG = TrainingConfig(
    nets=StageConfig(epochs=3, batch_people=4, learning_rate=5e-3),
    baseline_epochs=2,
    window_days=12,
    validation_days=16,
)
ROLLING = RolloutConfig(weight=0.5, every=1, people=2, draws=2, days=2)


def stage(epochs: int, config: TrainingConfig = CONFIG) -> NetsStage:
    logs = tiny.logs()
    train, validation = (encode_logs(logs, logs.users_of(s)) for s in ("train", "validation"))
    made = NetsStage(tiny.fresh_model(), train, validation, config)
    made.config = dataclasses.replace(CONFIG.nets, epochs=epochs)
    return made


def trained(epochs: int, config: TrainingConfig = CONFIG) -> Posterior:
    made = stage(epochs, config)
    for epoch in range(epochs):
        made.train_epoch(epoch, np.random.default_rng(epoch))
    return made.learner.posteriors.as_posterior()


def test_z_c_waits_until_the_baselines_are_taken() -> None:
    c, a = (tiny.TINY.blocks[block] for block in ("c", "a"))
    waiting, later = trained(2), trained(3)
    # At 0 for everyone, held-out people too, while the others have moved.
    np.testing.assert_array_equal(waiting.mean[:, c], 0.0)
    assert (waiting.mean[:, a] != 0.0).all() and (later.mean[:, c] != 0.0).any()


def test_the_nets_see_no_z_c_while_it_waits() -> None:
    made = stage(1)
    before = np.array(made.learner.transition.latents)
    made.train_epoch(0, np.random.default_rng(0))
    np.testing.assert_array_equal(made.learner.transition.latents, before)
    made.train_epoch(2, np.random.default_rng(0))
    assert (np.array(made.learner.transition.latents) != before).any()


def test_validation_does_not_depend_on_who_is_judged_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs = tiny.logs()
    few, many = (encode_logs(logs, logs.users_of(s)) for s in ("validation", "train"))
    assert many.people > 5
    scores = []
    for together in (100, 4):
        monkeypatch.setattr(nets_stage, "_VALIDATED_TOGETHER", together)
        made = NetsStage(tiny.model(), few, many, CONFIG)
        mean = np.random.default_rng(0).standard_normal(made.learner.posteriors.mean.shape)
        made.learner.posteriors.mean = mx.array(mean.astype(np.float32))
        scores.append(made.validate(0))
    assert scores[0] == pytest.approx(scores[1], rel=1e-5)


def test_rollouts_are_scored_and_move_the_nets_but_not_the_posteriors() -> None:
    free = dataclasses.replace(CONFIG, baseline_epochs=0)
    rolling = dataclasses.replace(free, rollouts=ROLLING)
    without, with_them = stage(1, free), stage(1, rolling)
    plain, scores = (made.train_epoch(0, np.random.default_rng(0)) for made in (without, with_them))
    assert plain[ROLLOUTS] == 0.0 and 0.05 < scores[ROLLOUTS] < 5.0
    # In one step from the same nets, the objective differs by the weighted score alone.
    whole = dataclasses.replace(CONFIG.nets, batch_people=100, epochs=1)
    one, two = (
        NetsStage(
            tiny.fresh_model(),
            encode_logs(tiny.logs(), np.arange(8)),
            encode_logs(tiny.logs(), np.arange(8, 12)),
            dataclasses.replace(free, nets=whole, rollouts=rollouts),
        ).train_epoch(0, np.random.default_rng(0))
        for rollouts in (RolloutConfig(), ROLLING)
    )
    added = two[OBJECTIVE] - one[OBJECTIVE]
    assert added == pytest.approx(ROLLING.weight * two[ROLLOUTS], rel=1e-3)
    left, right = (np.array(made.learner.policy.head) for made in (without, with_them))
    assert (left != right).any()
    assert ROLLOUTS not in with_them.validate(0)
    # One step from the same nets: the posteriors' own gradient is the ELBO's.
    few = dataclasses.replace(CONFIG.nets, batch_people=8)
    means = [
        trained(1, dataclasses.replace(free, nets=few, rollouts=rollouts)).mean
        for rollouts in (RolloutConfig(), ROLLING)
    ]
    people = stage(1, free)._train.people
    moved = np.flatnonzero((means[0] != means[1]).any(axis=1))
    assert len(moved) == 0 or moved.min() >= people  # held-out people learn from the moved nets


def test_a_resumed_run_with_rollouts_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    rolling = dataclasses.replace(CONFIG, baseline_epochs=1, rollouts=ROLLING)

    def run(epochs: int, folder: str) -> NetsStage:
        made = stage(epochs, rolling)
        fit(made, seed=0, logger=SilentLogger(), folder=tmp_path / folder)
        return made

    whole = run(3, "whole")
    run(2, "parts")
    parts = run(3, "parts")
    np.testing.assert_array_equal(whole.learner.policy.head, parts.learner.policy.head)
    np.testing.assert_array_equal(whole.learner.posteriors.mean, parts.learner.posteriors.mean)
