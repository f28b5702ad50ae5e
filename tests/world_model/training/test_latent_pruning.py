"""Blocks of latents that do not help are pruned; those that do are kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.runtime.encoder import Posterior
from tests.world_model import tiny
from world_model import training_stages as train
from world_model.data.distillation_data import DistillationData
from world_model.data.encoded_logs import EncodedLogs, encode_logs
from world_model.data.windows import windows
from world_model.nets.likelihood import log_likelihood
from world_model.nets.world_model import WorldModel
from world_model.training import latent_pruning
from world_model.training.config import StageConfig, TrainingConfig
from world_model.training.joint_stage import encoded
from world_model.training.latent_pruning import (
    Gain,
    gain_of_blocks,
    people_with_unseen_days,
    prune_encoder,
    prune_nets,
    prune_posterior,
)

QUICK = StageConfig(epochs=1, batch_people=4)
CONFIG = TrainingConfig(
    nets=QUICK,
    moments=QUICK,
    encoder=QUICK,
    window_days=12,
    likelihood_days=8,
    decoder_days=4,
    validation_days=16,
    dreamt_people=4,
)


def validation() -> EncodedLogs:
    return encode_logs(tiny.logs(), np.arange(12))


def without(*blocks: str) -> WorldModel:
    model = tiny.fresh_model()
    for block in blocks:
        prune_nets(model, block)
    return model


def test_a_gain_must_stand_out_from_chance() -> None:
    """Two standard errors are wanted."""
    assert Gain(0.3, 0.149).helps
    assert not Gain(0.3, 0.151).helps and not Gain(-0.3, 0.01).helps


def test_a_block_that_nets_do_not_hear_gains_nothing() -> None:
    gains = gain_of_blocks(without("c"), validation(), CONFIG)
    assert gains["c"].nats_per_day == 0.0 and not gains["c"].helps
    assert gains["a"].nats_per_day != 0.0 and gains["b"].nats_per_day != 0.0


def test_a_block_that_tells_people_apart_helps() -> None:
    """z_a shifts the heart rate, and people's heart rates differ by many of its steps."""
    model = tiny.fresh_model()
    rng = np.random.default_rng(0)
    shape = model.transition.offset.shape
    offset = np.zeros(shape, dtype=np.float32)
    offset[:, : tiny.TINY.latent_a, 1] = rng.standard_normal(tiny.TINY.latent_a)  # its mean
    model.transition.offset = mx.array(offset)
    assert gain_of_blocks(model, validation(), CONFIG)["a"].helps


def test_later_days_do_not_move_the_posterior_that_is_asked() -> None:
    """Gains change with the unseen days, not because their rows were read."""
    logs = validation()
    first = gain_of_blocks(without(), logs, CONFIG)
    again = gain_of_blocks(without(), logs, CONFIG)
    assert first == again
    late = logs.until(np.full(logs.people, int(0.7 * logs.days)))
    nothing = dataclasses.replace(logs, rows=late.rows, observed=late.observed, events=late.events)
    # With no observed cell among the unseen days there is nothing to gain.
    for gain in gain_of_blocks(without(), nothing, CONFIG).values():
        assert gain.nats_per_day == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("block", ["a", "b", "c"])
def test_emptied_nets_do_not_hear_a_block_and_never_will(block: str) -> None:
    model = without(block)
    people = np.arange(4)
    days = windows(validation(), people, np.arange(9) + people[:, None] * 5)
    z = np.random.default_rng(1).standard_normal((days.states.shape[0], tiny.TINY.latent_width))
    one, other = mx.array(z.astype(np.float32)), z.astype(np.float32).copy()
    other[:, tiny.TINY.blocks[block]] += 1.0
    same = log_likelihood(model, one, days).total
    np.testing.assert_array_equal(log_likelihood(model, mx.array(other), days).total, same)
    net = model.policy if block == "b" else model.transition
    assert ("offset" if block == "a" else "latents") not in net.trainable_parameters()


def test_an_emptied_encoder_gives_the_prior() -> None:
    model = without()
    prune_encoder(model, ("b", "c"))
    logs = validation()
    width = tiny.TINY.latent_width
    nothing = np.zeros((logs.people, width), dtype=np.float32)
    own = model.encoder.moments
    people = DistillationData(
        logs, Posterior(nothing, nothing), np.array(own.mean), np.array(own.sd)
    )
    posterior = encoded(model, people)
    blocks = tiny.TINY.blocks
    for block in ("b", "c"):
        np.testing.assert_array_equal(posterior.mean[:, blocks[block]], 0.0)
        np.testing.assert_array_equal(posterior.log_variance[:, blocks[block]], 0.0)
    assert posterior.mean[:, blocks["a"]].std() > 0.0
    forgot = prune_posterior(Posterior(nothing + 1.0, nothing + 1.0), tiny.TINY, ("a",))
    assert not forgot.mean[:, blocks["a"]].any() and (forgot.mean[:, blocks["b"]] == 1.0).all()


def test_training_begins_again_without_what_did_not_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[WorldModel] = []

    def gains(model: WorldModel, *_: object) -> dict[str, Gain]:
        asked.append(model)
        second = len(asked) > 1
        return {"a": Gain(1.0, 0.1), "b": Gain(1.0, 0.1), "c": Gain(0.1 * second, 0.1)}

    monkeypatch.setattr(train, "gain_of_blocks", gains)
    monkeypatch.setattr(train, "FEWEST_PEOPLE", 3)
    split_of = ["train"] * 8 + ["validation"] * 3 + ["test"]
    logs = dataclasses.replace(tiny.logs(), split_of=type(tiny.logs().split_of)(split_of))
    done = train.train(logs, tiny.TINY, CONFIG, state_folder=tmp_path)
    assert done.pruned == ("c",) and len(asked) == 2
    stages = {"nets", "nets_without_c", "moments", "encoder"}
    assert stages | {"nets_blocks", "nets_without_c_blocks"} == set(done.scores)
    assert done.scores["nets_blocks"]["gain_c_nats_per_day"] == 0.0
    assert not np.array(done.model.transition.latents).any()
    for _, posterior in (done.train, done.validation):
        assert not posterior.mean[:, tiny.TINY.blocks["c"]].any()
        assert posterior.mean[:, tiny.TINY.blocks["b"]].any()
    # Asked again, a finished run ends with the same nets.
    again = train.train(logs, tiny.TINY, CONFIG, state_folder=tmp_path)
    np.testing.assert_array_equal(again.model.policy.head, done.model.policy.head)
    kept = dataclasses.replace(CONFIG, empty_blocks=False)
    assert train.train(logs, tiny.TINY, kept).pruned == ()


def test_logs_of_one_day_have_no_unseen_days() -> None:
    logs = encode_logs(tiny.logs(), np.arange(4))
    assert people_with_unseen_days(logs) == 4
    days = np.array([1, 2, 1, 40])
    assert people_with_unseen_days(dataclasses.replace(logs, days_logged=days)) == 2


def test_of_very_many_people_some_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    model, some = without(), np.array([0, 5, 11])
    monkeypatch.setattr(latent_pruning, "MOST_PEOPLE", 3)
    alone = gain_of_blocks(model, validation().of(some), CONFIG)
    assert gain_of_blocks(model, validation(), CONFIG) == alone
    monkeypatch.setattr(latent_pruning, "MOST_PEOPLE", 12)
    assert gain_of_blocks(model, validation(), CONFIG) != alone
