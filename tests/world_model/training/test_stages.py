"""The real stages in the training loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten

from human_wm_env.person.weather import TRANSITIONS
from tests.world_model import tiny
from tests.world_model.fitting_runs import Recorder, recognition, run
from world_model.data.distillation_data import DistillationData
from world_model.data.encoded_logs import encode_logs
from world_model.imagination.synthetic_people import imagine_people
from world_model.predecessor.stage import PredecessorStage
from world_model.training import history_stage
from world_model.training.config import StageConfig, TrainingConfig
from world_model.training.encoder_stage import EncoderStage
from world_model.training.history_stage import Batch
from world_model.training.joint_stage import JointStage
from world_model.training.moment_stage import MomentStage
from world_model.training.nets_stage import NetsStage
from world_model.training.trainer import OBJECTIVE, Stage, fit

QUICK = StageConfig(epochs=3, batch_people=4, learning_rate=5e-3)


CONFIG = TrainingConfig(
    nets=QUICK,
    moments=QUICK,
    encoder=QUICK,
    baseline_epochs=0,
    window_days=12,
    likelihood_days=8,
    decoder_days=4,
    validation_days=16,
)


def nets_stage(epochs: int) -> NetsStage:
    logs = tiny.logs()
    train, validation = (encode_logs(logs, logs.users_of(s)) for s in ("train", "validation"))
    config = dataclasses.replace(CONFIG, nets=dataclasses.replace(QUICK, epochs=3))
    stage = NetsStage(tiny.fresh_model(), train, validation, config)
    stage.config = dataclasses.replace(QUICK, epochs=epochs)  # the schedule stays that of 3
    return stage


def encoder_stage(epochs: int) -> EncoderStage:
    stage = EncoderStage(
        tiny.fresh_model(), recognition("train"), recognition("validation"), CONFIG
    )
    stage.config = dataclasses.replace(QUICK, epochs=epochs)
    return stage


@cache
def imagined() -> DistillationData:
    return imagine_people(
        tiny.model(), tiny.logs(), recognition("train"), TRANSITIONS, people=6, seed=0
    )


def moment_stage(epochs: int, others: DistillationData | None = None) -> MomentStage:
    stage = MomentStage(
        tiny.fresh_model(), recognition("train"), recognition("validation"), others, CONFIG
    )
    stage.config = dataclasses.replace(QUICK, epochs=epochs)
    return stage


def synthetic_moment_stage(epochs: int) -> MomentStage:
    return moment_stage(epochs, imagined())


def joint_stage(epochs: int) -> JointStage:
    stage = JointStage(tiny.fresh_model(), recognition("train"), recognition("validation"), CONFIG)
    stage.config = dataclasses.replace(QUICK, epochs=epochs)
    return stage


def predecessor_stage(epochs: int) -> PredecessorStage:
    stage = PredecessorStage(
        tiny.fresh_model(), recognition("train"), recognition("validation"), CONFIG
    )
    stage.config = dataclasses.replace(QUICK, epochs=epochs)
    return stage


STAGES = [
    *(nets_stage, moment_stage, synthetic_moment_stage, encoder_stage),
    *(joint_stage, predecessor_stage),
]


@pytest.mark.parametrize("make", STAGES)
def test_a_resumed_run_equals_an_uninterrupted_one(
    tmp_path: Path, make: Callable[[int], Stage]
) -> None:
    """Bit for bit, in parameters, optimiser state and scores."""
    whole, first, second = make(3), make(2), make(3)
    expected = run(whole, tmp_path / "whole")
    run(first, tmp_path / "parts")
    assert run(second, tmp_path / "parts") == expected
    assert second.learner is not whole.learner
    for one, two in (
        (whole.learner.parameters(), second.learner.parameters()),
        *(
            (whole.optimisers[name].state, second.optimisers[name].state)
            for name in whole.optimisers
        ),
    ):
        left, right = dict(tree_flatten(one)), dict(tree_flatten(two))
        assert set(left) == set(right) and left
        for name, value in left.items():
            np.testing.assert_array_equal(value, right[name], err_msg=name)


@pytest.mark.parametrize("make", STAGES)
def test_training_moves_the_parameters_it_should(make: Callable[[int], Stage]) -> None:
    stage = make(1)
    if isinstance(stage, MomentStage):
        whole = {"encoder": stage._encoder}
    else:
        model = stage._model  # type: ignore[attr-defined]
        whole = {part: model[part] for part in ("encoder", "decoder", "policy", "transition")}

    def now() -> dict[str, np.ndarray]:
        parts = {part: net.parameters() for part, net in whole.items()}
        return {name: np.array(value) for name, value in tree_flatten(parts)}

    before = now()
    # Every epoch is better than the beginning, or what the stage began with would be kept.
    scores = iter([2.0, 1.0])
    stage.validate = lambda epoch: {OBJECTIVE: next(scores)}  # type: ignore[method-assign]
    run(stage)
    moved = {name for name, value in now().items() if (value != before[name]).any()}
    moment_net = {name for name in before if name.startswith("encoder.moments.")}
    rest = {name for name in before if name.startswith(("encoder.", "decoder."))} - moment_net
    learned = {
        "nets": {name for name in before if name.startswith(("policy.", "transition."))},
        "moments": moment_net,
        "encoder": rest,
        "joint": set(before),
        "predecessor": set(before) - {"policy.chain", "transition.chain", "transition.offset"},
    }[stage.name]
    fixed = {"transition.reference", "encoder.moments.mean", "encoder.moments.sd"}
    assert moved == learned - fixed and moved


def test_dreamt_people_take_part_in_every_batch() -> None:
    """As many as real ones; without them the moments are learned from real people alone."""
    with_them, without = synthetic_moment_stage(1), moment_stage(1)
    sizes: dict[MomentStage, set[int]] = {with_them: set(), without: set()}
    for stage, seen in sizes.items():
        own = stage._value_and_grad

        def counted(
            features: mx.array, target: mx.array, own: Any = own, seen: set[int] = seen
        ) -> Any:
            seen.add(len(features))
            assert len(target) == len(features)
            return own(features, target)

        stage._value_and_grad = counted
        result = run(stage)
        assert result["epochs_run"] == 1 and np.isfinite(result[OBJECTIVE])
    assert sizes[with_them] == {8} and sizes[without] == {4}


@pytest.mark.parametrize("loss", ["likelihood", "rmse", "mae", "mape", "huber"])
def test_every_decoder_loss_trains(loss: str) -> None:
    config = dataclasses.replace(
        CONFIG, decoder_loss=loss, encoder=dataclasses.replace(QUICK, epochs=1)
    )
    people = recognition("train")
    stage = EncoderStage(tiny.fresh_model(), people, people, config)
    assert np.isfinite(list(run(stage).values())).all()


Making = Callable[[DistillationData, TrainingConfig], Stage]


def untrained(people: DistillationData) -> tiny.WorldModel:
    model = tiny.WorldModel(tiny.TINY)
    model.encoder.moments.mean = mx.array(people.mean)
    model.encoder.moments.sd = mx.array(people.sd)
    return model


@pytest.mark.parametrize(
    ("make", "drops"),
    [
        (
            lambda people, config: MomentStage(untrained(people), people, people, None, config),
            {"objective": 2.0},
        ),
        (
            lambda people, config: EncoderStage(untrained(people), people, people, config),
            {"objective": 0.12, "distillation_nats": 1.4, "decoder": 0.04},
        ),
        (
            lambda people, config: JointStage(untrained(people), people, people, config),
            {"objective": 1.0, "negative_elbo_nats_per_day": 1.0},
        ),
        (
            lambda people, config: PredecessorStage(untrained(people), people, people, config),
            {"objective": 1.0, "nets": 0.02, "rollout": 0.01},
        ),
    ],
    ids=["moments", "encoder", "joint", "predecessor"],
)
def test_objectives_fall(make: Making, drops: dict[str, float]) -> None:
    """On the people it learns from, whose validation histories are the same every epoch.

    Most of the negative log density falls with the moments, which the encoder's stage leaves alone.
    """
    people, logger = recognition("train"), Recorder()
    longer = dataclasses.replace(QUICK, epochs=16)
    stage = make(people, dataclasses.replace(CONFIG, encoder=longer, moments=longer, joint=longer))
    fit(stage, seed=0, logger=logger, folder=None)
    for score, drop in drops.items():
        name = f"{stage.name}/validation/{score}"
        curve = [v for seen, v, epochs in logger.seen if seen == name and epochs > 0]
        assert curve[-1] < curve[0] - drop, (score, curve)


def test_many_people_are_validated_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_stage, "VALIDATED_TOGETHER", 4)
    stage = EncoderStage(tiny.fresh_model(), recognition("train"), recognition("train"), CONFIG)
    seen: list[tuple[int, float]] = []
    inner = stage._loss

    def loss(batch: Batch, epoch: int | None) -> tuple[mx.array, ...]:
        found = inner(batch, epoch)
        seen.append((len(batch.people), float(found[0])))
        return found

    monkeypatch.setattr(stage, "_loss", loss)
    scores = stage.validate(0)
    assert [people for people, _ in seen] == [4, 4, 2] * (len(seen) // 3)
    mean = sum(people * value for people, value in seen) / sum(people for people, _ in seen)
    assert scores[OBJECTIVE] == pytest.approx(mean, rel=1e-6)
