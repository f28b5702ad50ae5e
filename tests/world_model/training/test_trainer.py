"""The training loop, on a stage whose epochs are known by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from human_wm_env.errors import CheckpointError, ConfigError, TrainingError
from tests.world_model.fitting_runs import Recorder, run
from world_model.training.config import StageConfig
from world_model.training.trainer import OBJECTIVE, Stage, fit


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
        (f"scripted/validation/{OBJECTIVE}", 9.0, 0),  # before the first epoch
        ("scripted/validation/other", -10.0, 0),
        ("scripted/train/loss", 0.0, 1),
        (f"scripted/validation/{OBJECTIVE}", 3.0, 1),
        ("scripted/validation/other", 0.0, 1),
        ("scripted/train/loss", -1.0, 2),
        (f"scripted/validation/{OBJECTIVE}", 1.0, 2),
        ("scripted/validation/other", 10.0, 2),
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


class Exploding(Scripted):
    """Its third batch of the second epoch has a loss of NaN."""

    parts = (OBJECTIVE, "kl")

    def train_epoch(self, epoch: int, rng: np.random.Generator) -> dict[str, float]:
        for batch in range(5):
            self.validated.append(100 * epoch + batch)
            kl = float("nan") if (epoch, batch) == (1, 2) else 1.0
            self.step(self.optimisers["adam"], None, [mx.array(2.0), mx.array(kl)])
        return {"loss": 2.0}


def test_a_loss_that_is_not_finite_ends_training_at_once() -> None:
    stage = Exploding([1.0] * 9)
    with pytest.raises(TrainingError, match="stage scripted, epoch 1, batch 2; received kl nan"):
        run(stage)
    assert stage.validated[-1] == 102
    with pytest.raises(TrainingError, match="validation of epoch 1; received objective inf"):
        run(Scripted([1.0, float("inf"), 1.0]))
