"""The training loop, on a stage whose epochs are known by hand, and on the real ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest
from mlx.utils import tree_flatten

from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.people.weather import TRANSITIONS
from human_wm_env.runtime import moments
from human_wm_env.runtime.encoder import Posterior
from tests.world_model import tiny
from world_model.config import StageConfig, TrainingConfig
from world_model.data import encode_logs, moments_until
from world_model.dreamt import dreamt_recognition
from world_model.encoder_stage import EncoderStage
from world_model.fitting import OBJECTIVE, Stage, fit
from world_model.joint_stage import JointStage
from world_model.moment_stage import MomentStage
from world_model.nets_stage import NetsStage
from world_model.predecessor_stage import PredecessorStage
from world_model.progress import SilentLogger
from world_model.recognition import Recognition

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


class Recorder:
    """A logger that remembers."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float, int]] = []

    def scalar(self, name: str, value: float, step: int) -> None:
        self.seen.append((name, value, step))


class Scripted(Stage):
    """Counts epochs in its only parameter; validation scores are given."""

    name = "scripted"

    def __init__(self, scores: list[float], patience: int = 0, initial: float = 9.0) -> None:
        self.config = StageConfig(epochs=len(scores), patience=patience)
        self.learner = nn.Module()
        self.learner.epochs = mx.array(0.0)
        self.optimisers = {"adam": self.schedule(1)}
        self.scores, self.initial = scores, initial
        self.validated: list[int] = []
        self.draws: list[float] = []

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        self.draws.append(float(rng.random()))
        self.learner.epochs = mx.array(epoch + 1.0)
        return {"loss": -float(epoch)}

    def validate(self, epoch: int) -> dict[str, float]:
        self.validated.append(epoch)
        score = self.initial if epoch == -1 else self.scores[epoch]
        return {OBJECTIVE: score, "other": 10.0 * epoch}


def run(
    stage: Stage, folder: Path | None = None, seed: int = 0, settings: str = ""
) -> dict[str, float]:
    return fit(stage, seed=seed, logger=SilentLogger(), folder=folder, settings=settings)


def test_the_best_epoch_is_kept() -> None:
    stage = Scripted([3.0, 1.0, 2.0, 1.5])
    assert run(stage) == {OBJECTIVE: 1.0, "other": 10.0, "best_epoch": 1, "epochs_run": 4}
    assert float(stage.learner.epochs) == 2.0


def test_the_last_epoch_is_kept_where_validation_cannot_tell(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path):  # the second run finds everything done
        stage = Scripted([3.0, 1.0, 2.0, 1.5], patience=1)
        stage.config = dataclasses.replace(stage.config, keep="last")
        kept = {OBJECTIVE: 1.5, "other": 30.0, "best_epoch": 3, "epochs_run": 4}
        assert run(stage, folder) == kept
        assert float(stage.learner.epochs) == 4.0
    with pytest.raises(ConfigError, match="Did you mean 'last'"):
        StageConfig(keep="lasst")


@pytest.mark.parametrize(("patience", "epochs_run"), [(0, 4), (1, 1), (2, 2), (9, 4)])
def test_what_a_stage_begins_with_is_kept_where_every_epoch_is_worse(
    tmp_path: Path, patience: int, epochs_run: int
) -> None:
    kept = {OBJECTIVE: 1.0, "other": -10.0, "best_epoch": -1, "epochs_run": epochs_run}
    stage = Scripted([3.0, 1.5, 2.0, 1.0], patience, initial=1.0)
    assert run(stage, tmp_path) == kept
    assert float(stage.learner.epochs) == 0.0
    assert stage.validated == [-1, *range(epochs_run)]
    # A resumed run knows it from the state file, and does not validate again.
    again = Scripted([3.0, 1.5, 2.0, 1.0], patience, initial=5.0)
    assert run(again, tmp_path) == kept
    assert float(again.learner.epochs) == 0.0 and again.validated == []


def test_without_epochs_a_stage_is_left_as_it_begins(tmp_path: Path) -> None:
    stage = Scripted([], initial=2.0)
    assert run(stage, tmp_path) == {
        OBJECTIVE: 2.0,
        "other": -10.0,
        "best_epoch": -1,
        "epochs_run": 0,
    }
    assert float(stage.learner.epochs) == 0.0 and stage.draws == []


@pytest.mark.parametrize(
    ("patience", "epochs_run", "best"), [(0, 6, 5), (1, 3, 1), (2, 4, 1), (3, 6, 5)]
)
def test_patience(patience: int, epochs_run: int, best: int) -> None:
    stage = Scripted([3.0, 1.0, 2.0, 1.5, 0.5, 0.4], patience)
    result = run(stage)
    assert (result["epochs_run"], result["best_epoch"]) == (epochs_run, best)
    assert float(stage.learner.epochs) == best + 1


def test_a_finished_run_is_not_trained_further(tmp_path: Path) -> None:
    first = run(Scripted([3.0, 1.0, 2.0], 1), tmp_path)
    again = Scripted([3.0, 1.0, 2.0], 1)
    assert run(again, tmp_path) == first
    assert again.draws == [] and float(again.learner.epochs) == 2.0


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    scores = [3.0, 1.0, 2.0, 1.5, 0.5]
    whole = Scripted(scores)
    result = run(whole)
    before = Scripted(scores)
    before.config = dataclasses.replace(before.config, epochs=2)
    run(before, tmp_path)
    after = Scripted(scores)
    assert run(after, tmp_path) == result
    assert before.draws + after.draws == whole.draws
    assert len(set(whole.draws)) == 5


def test_noise_differs_between_seeds_and_stages() -> None:
    one, two, three = Scripted([1.0]), Scripted([1.0]), Scripted([1.0])
    three.name = "otherwise"
    run(one, seed=0), run(two, seed=1), run(three, seed=0)
    assert len({one.draws[0], two.draws[0], three.draws[0]}) == 3


def test_every_scalar_is_logged() -> None:
    logger = Recorder()
    fit(Scripted([3.0, 1.0]), seed=0, logger=logger, folder=None)
    assert logger.seen == [
        ("scripted/train/loss", 0.0, 0),
        (f"scripted/validation/{OBJECTIVE}", 3.0, 0),
        ("scripted/validation/other", 0.0, 0),
        ("scripted/train/loss", -1.0, 1),
        (f"scripted/validation/{OBJECTIVE}", 1.0, 1),
        ("scripted/validation/other", 10.0, 1),
    ]


def cut_off(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])


def garbage(file: Path) -> None:
    file.write_bytes(b"garbage")


def empty(file: Path) -> None:
    file.write_bytes(b"")


def without_facts(file: Path) -> None:
    mx.save_safetensors(str(file), {"now/epochs": mx.array(0.0)})


def facts_of_another_kind(file: Path) -> None:
    mx.save_safetensors(str(file), {"now/epochs": mx.array(0.0)}, {"facts": '{"best": 1.0}'})


def facts_that_are_no_json(file: Path) -> None:
    mx.save_safetensors(str(file), {"now/epochs": mx.array(0.0)}, {"facts": "{"})


def parameters_of_another_net(file: Path) -> None:
    arrays, metadata = mx.load(str(file), return_metadata=True)
    mx.save_safetensors(str(file), {**arrays, "now/other": mx.array(0.0)}, metadata)


def parameters_of_another_size(file: Path) -> None:
    arrays, metadata = mx.load(str(file), return_metadata=True)
    mx.save_safetensors(str(file), {**arrays, "now/epochs": mx.array([0.0, 1.0])}, metadata)


def without_parameters(file: Path) -> None:
    arrays, metadata = mx.load(str(file), return_metadata=True)
    kept = {name: value for name, value in arrays.items() if not name.startswith("now/")}
    mx.save_safetensors(str(file), kept, metadata)


DAMAGES: list[Callable[[Path], None]] = [
    cut_off,
    garbage,
    empty,
    without_facts,
    facts_that_are_no_json,
    facts_of_another_kind,
    parameters_of_another_net,
    parameters_of_another_size,
    without_parameters,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.__name__ for damage in DAMAGES])
def test_a_damaged_state_is_told(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    run(Scripted([3.0]), tmp_path)
    damage(tmp_path / "scripted.state.safetensors")
    with pytest.raises(CheckpointError) as caught:
        run(Scripted([3.0, 2.0]), tmp_path)
    assert all((caught.value.expected, caught.value.received, caught.value.remedy))


@pytest.mark.parametrize(("seed", "settings"), [(1, "these"), (0, "others"), (0, "")])
def test_a_state_of_another_run_is_refused(tmp_path: Path, seed: int, settings: str) -> None:
    run(Scripted([3.0]), tmp_path, seed=0, settings="these")
    file = tmp_path / "scripted.state.safetensors"
    before = file.read_bytes()
    stage = Scripted([3.0, 2.0])
    with pytest.raises(CheckpointError) as caught:
        run(stage, tmp_path, seed=seed, settings=settings)
    assert caught.value.expected == "a training state of the same seed, settings and data"
    assert caught.value.received == f"another run's in {file}"
    assert caught.value.remedy == "Resume with that run's settings, or start a new run."
    # Neither the stage nor the file was touched, and the right run goes on.
    assert float(stage.learner.epochs) == 0.0 and stage.draws == stage.validated == []
    assert file.read_bytes() == before
    assert run(stage, tmp_path, seed=0, settings="these")["epochs_run"] == 2


# The real stages --------------------------------------------------------------------


def nets_stage(epochs: int) -> NetsStage:
    logs = tiny.logs()
    train, validation = (encode_logs(logs, logs.users_of(s)) for s in ("train", "validation"))
    config = dataclasses.replace(CONFIG, nets=dataclasses.replace(QUICK, epochs=3))
    stage = NetsStage(tiny.fresh_model(), train, validation, config)
    stage.config = dataclasses.replace(QUICK, epochs=epochs)  # the schedule stays that of 3
    return stage


def recognition(split: str) -> Recognition:
    """People whose posteriors are made up."""
    logs = tiny.logs()
    encoded = encode_logs(logs, logs.users_of(split))
    shape = (encoded.people, tiny.TINY.latent_width)
    mean = np.random.default_rng(encoded.people).standard_normal(shape).astype(np.float32)
    train = encode_logs(logs, logs.users_of("train"))
    population = moments.population(moments_until(train, np.array([train.days]))[0])
    return Recognition(
        encoded, Posterior(mean, np.full(shape, -2.0, dtype=np.float32)), *population
    )


def encoder_stage(epochs: int) -> EncoderStage:
    stage = EncoderStage(
        tiny.fresh_model(), recognition("train"), recognition("validation"), CONFIG
    )
    stage.config = dataclasses.replace(QUICK, epochs=epochs)
    return stage


@cache
def dreamt() -> Recognition:
    return dreamt_recognition(
        tiny.model(), tiny.logs(), recognition("train"), TRANSITIONS, people=6, seed=0
    )


def moment_stage(epochs: int, others: Recognition | None = None) -> MomentStage:
    stage = MomentStage(
        tiny.fresh_model(), recognition("train"), recognition("validation"), others, CONFIG
    )
    stage.config = dataclasses.replace(QUICK, epochs=epochs)
    return stage


def dreamt_moment_stage(epochs: int) -> MomentStage:
    return moment_stage(epochs, dreamt())


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
    *(nets_stage, moment_stage, dreamt_moment_stage, encoder_stage),
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
    recognised = {name for name in before if name.startswith("encoder.moments.")}
    rest = {name for name in before if name.startswith(("encoder.", "decoder."))} - recognised
    learned = {
        "nets": {name for name in before if name.startswith(("policy.", "transition."))},
        "moments": recognised,
        "encoder": rest,
        "joint": set(before),
        "predecessor": set(before) - {"policy.chain", "transition.chain", "transition.offset"},
    }[stage.name]
    fixed = {"transition.reference", "encoder.moments.mean", "encoder.moments.sd"}
    assert moved == learned - fixed and moved


def test_dreamt_people_take_part_in_every_batch() -> None:
    """As many as real ones; without them the moments are learned from real people alone."""
    with_them, without = dreamt_moment_stage(1), moment_stage(1)
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


Making = Callable[[Recognition, TrainingConfig], Stage]


def untrained(people: Recognition) -> tiny.WorldModel:
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

    Most of the surprise falls with the moments, which the encoder's stage leaves alone.
    """
    people, logger = recognition("train"), Recorder()
    longer = dataclasses.replace(QUICK, epochs=16)
    stage = make(people, dataclasses.replace(CONFIG, encoder=longer, moments=longer, joint=longer))
    fit(stage, seed=0, logger=logger, folder=None)
    for score, drop in drops.items():
        curve = [v for name, v, _ in logger.seen if name == f"{stage.name}/validation/{score}"]
        assert curve[-1] < curve[0] - drop, (score, curve)
