from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.data import disk_arrays
from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import load_checkpoint
from human_wm_env.runtime.encoder import Posterior
from human_wm_env.runtime.world_model import WorldModelRuntime
from tests.world_model import tiny
from tests.world_model.fitting_runs import Recorder
from tests.world_model.responding import SHORT as FOLLOWING
from tests.world_model.responding import SMALL
from world_model import training_stages as training
from world_model.data import distillation_data, encoded_logs, personal_responses
from world_model.export import export, flat_weights
from world_model.training.config import StageConfig, TrainingConfig
from world_model.training.trainer import Stage
from world_model.training_stages import Trained, active_units, train

CONFIG = TrainingConfig(
    nets=StageConfig(epochs=8, batch_people=4, learning_rate=5e-3),
    moments=StageConfig(epochs=1, batch_people=4, learning_rate=1e-4),
    encoder=StageConfig(epochs=1, batch_people=4, learning_rate=3e-3),
    annealing_epochs=1,  # or the weight of the KL would rise, and the objective with it
    window_days=24,
    likelihood_days=16,
    decoder_days=8,
    validation_days=48,
    dreamt_people=6,
)
SHORT = dataclasses.replace(CONFIG, nets=dataclasses.replace(CONFIG.nets, epochs=1))


def everything(trained: Trained) -> dict[str, np.ndarray]:
    arrays = flat_weights(trained.model)
    for split in ("train", "validation"):
        _, posterior = getattr(trained, split)
        arrays |= {f"{split}.mean": posterior.mean, f"{split}.spread": posterior.log_variance}
    return arrays


@pytest.fixture(scope="module")
def short() -> Trained:
    return train(tiny.logs(), tiny.TINY, SHORT)


def test_the_objective_of_the_nets_falls() -> None:
    logger = Recorder()
    trained = train(tiny.logs(), tiny.TINY, CONFIG, logger=logger)
    curves = {
        kind: [v for name, v, _ in logger.seen if name == f"nets/{kind}/objective"]
        for kind in ("train", "validation")
    }
    assert {kind: len(curve) for kind, curve in curves.items()} == {"train": 8, "validation": 9}
    for curve in curves.values():
        assert np.mean(curve[-3:]) < curve[0] - 0.5
    assert trained.scores["nets"]["objective"] == min(curves["validation"])
    assert trained.scores["encoder"]["epochs_run"] == 1
    assert trained.train[0].people == 10 and trained.validation[0].people == 1
    assert trained.model.transition.reference.any()


def test_the_same_seed_gives_the_same_model(short: Trained) -> None:
    again = everything(train(tiny.logs(), tiny.TINY, SHORT))
    for name, value in everything(short).items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


def test_another_seed_gives_another_model(short: Trained) -> None:
    other = everything(train(tiny.logs(), tiny.TINY, dataclasses.replace(SHORT, seed=1)))
    for name in ("policy.head", "transition.head", "encoder.out.weight", "train.mean"):
        assert (other[name] != everything(short)[name]).any(), name


def test_without_dreamt_people_real_ones_are_enough(
    short: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "imagine_people", lambda *_, **__: pytest.fail("imagined"))
    alone = train(tiny.logs(), tiny.TINY, dataclasses.replace(SHORT, dreamt_people=0))
    assert [score["epochs_run"] for score in alone.scores.values()] == [1, 1, 1]
    # Dreamt people are for the encoder: without them its moments differ, the nets do not.
    before, after = everything(short), everything(alone)
    for name, same in (("transition.head", True), ("encoder.moments.out.weight", False)):
        assert np.array_equal(after[name], before[name]) == same, name


def test_a_run_resumes_with_the_same_seed_settings_and_data_only(
    short: Trained, tmp_path: Path
) -> None:
    logs = tiny.logs()
    nets_alone = dataclasses.replace(SHORT, dreamt_people=0)
    train(logs, tiny.TINY, nets_alone, state_folder=tmp_path)
    for other in (
        (logs, tiny.TINY, dataclasses.replace(nets_alone, seed=1)),
        (logs, tiny.TINY, dataclasses.replace(nets_alone, window_days=25)),
        (logs, tiny.TINY, dataclasses.replace(nets_alone, dreamt_people=6)),
        (logs, dataclasses.replace(tiny.TINY, memory=False), nets_alone),
        (changed(logs, logs.users_of("train")[:1]), tiny.TINY, nets_alone),
    ):
        with pytest.raises(CheckpointError) as caught:
            train(*other, state_folder=tmp_path)
        assert caught.value.expected == "a training state of the same seed, settings and data"
        assert str(tmp_path) in caught.value.received and caught.value.remedy
    again = train(logs, tiny.TINY, nets_alone, state_folder=tmp_path)
    assert [score["epochs_run"] for score in again.scores.values()] == [1, 1, 1]
    np.testing.assert_array_equal(
        everything(again)["transition.head"], everything(short)["transition.head"]
    )


def test_people_of_the_test_split_are_never_touched(short: Trained) -> None:
    logs = tiny.logs()
    swapped = changed(logs, logs.users_of("test"))
    assert swapped.fingerprint != logs.fingerprint
    other = everything(train(swapped, tiny.TINY, SHORT))
    for name, value in everything(short).items():
        np.testing.assert_array_equal(other[name], value, err_msg=name)


def test_validation_people_move_no_weight(short: Trained) -> None:
    """They only decide which epoch is kept; here they decide for the same ones."""
    logs = tiny.logs()
    trained = train(changed(logs, logs.users_of("validation")), tiny.TINY, SHORT)
    for stage, scores in short.scores.items():
        assert trained.scores[stage]["best_epoch"] == scores["best_epoch"] == 0, stage
    other = everything(trained)
    for name, value in everything(short).items():
        if not name.startswith("validation."):
            np.testing.assert_array_equal(other[name], value, err_msg=name)
    assert (other["validation.mean"] != everything(short)["validation.mean"]).any()


JOINT = StageConfig(epochs=2, batch_people=4, learning_rate=3e-3)


@pytest.mark.parametrize(
    ("settings", "stage"),
    [({"posteriors": "encoder"}, "joint"), ({"loss": "predecessor"}, "predecessor")],
)
def test_joint_training_goes_all_the_way_to_the_runtime(
    settings: dict[str, str], stage: str, tmp_path: Path
) -> None:
    config = dataclasses.replace(SHORT, joint=JOINT, **settings)
    trained = train(tiny.logs(), tiny.TINY, config, state_folder=tmp_path / "state")
    assert list(trained.scores) == [stage] and trained.scores[stage]["epochs_run"] == 2
    # A run that is finished resumes to the same weights: noise is taken away once.
    again = train(tiny.logs(), tiny.TINY, config, state_folder=tmp_path / "state")
    for name, value in everything(trained).items():
        np.testing.assert_array_equal(everything(again)[name], value, err_msg=name)
    users = trained.validation[0].users
    export(trained.model, tiny.logs(), users, tmp_path / "checkpoint", {})
    runtime = WorldModelRuntime(load_checkpoint(tmp_path / "checkpoint"))
    # The posteriors are the encoder's single pass, as the runtime has it.
    history = [tiny.logs().history(int(users[0]), int(tiny.logs().days_logged[users[0]]))]
    posterior, _ = runtime.encode(history)
    np.testing.assert_allclose(posterior.mean, trained.validation[1].mean, atol=1e-4)


@pytest.fixture(scope="module")
def started(short: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start") / "checkpoint"
    export(short.model, tiny.logs(), short.train[0].users, folder, {"data": {"sha256": "of it"}})
    return folder


def test_training_begins_with_a_checkpoint_and_keeps_its_normalisation(
    short: Trained, started: Path
) -> None:
    """Of other logs: reference day and moments stay those that the weights were made for."""
    other = changed(tiny.logs(), tiny.logs().users_of("train"))
    still = dataclasses.replace(
        SHORT,
        nets=dataclasses.replace(SHORT.nets, epochs=0),
        moments=dataclasses.replace(SHORT.moments, epochs=0),
        encoder=dataclasses.replace(SHORT.encoder, epochs=0),
    )
    trained = train(other, tiny.TINY, dataclasses.replace(still, start=str(started)))
    before, after = flat_weights(short.model), flat_weights(trained.model)
    for name, value in before.items():
        if not name.startswith("missingness."):  # counted on the new logs
            np.testing.assert_array_equal(after[name], value, err_msg=name)
    assert trained.start is not None and trained.start.manifest["data"] == {"sha256": "of it"}
    moved = train(other, tiny.TINY, dataclasses.replace(SHORT, start=str(started)))
    for name, same in (
        ("transition.reference", True),
        ("encoder.moments.mean", True),
        ("encoder.moments.sd", True),
        ("policy.head", False),
    ):
        assert np.array_equal(flat_weights(moved.model)[name], before[name]) == same, name


def test_a_run_resumes_with_the_same_start_only(
    short: Trained, started: Path, tmp_path: Path
) -> None:
    logs, config = tiny.logs(), dataclasses.replace(SHORT, dreamt_people=0, start=str(started))
    train(logs, tiny.TINY, config, state_folder=tmp_path)
    elsewhere = tmp_path / "moved"
    shutil.copytree(started, elsewhere)
    train(logs, tiny.TINY, dataclasses.replace(config, start=str(elsewhere)), state_folder=tmp_path)
    export(tiny.fresh_model(), logs, short.train[0].users, elsewhere, {})
    for start in (None, str(elsewhere)):
        with pytest.raises(CheckpointError, match="same seed, settings and data"):
            train(logs, tiny.TINY, dataclasses.replace(config, start=start), state_folder=tmp_path)


def changed(logs: LogDataset, users: np.ndarray) -> LogDataset:
    rows, observed = logs.rows.copy(), logs.observed.copy()
    rows[users] = tiny.people().true_rows[0]
    observed[users] = True
    return tiny.with_rows(logs, rows, observed)


def test_active_units_by_hand() -> None:
    mean = np.array([[0.0, 0.0, 1.0], [0.1, 1.0, 1.0], [0.2, 2.0, 1.0]], dtype=np.float32)
    # Variances 0.0067, 0.67 and 0.
    assert active_units(Posterior(mean, mean)) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"beta": {"a": 1.0, "b": 1.0}},
        {"free_bits": {"a": 1.0, "b": 1.0, "c": -1.0}},
        {"decoder_loss": "rsme"},
        {"loss": "likelyhood"},
        {"posteriors": "encoders"},
        {"point_distance": "likelihood"},
        {"loss": "predecessor", "posteriors": "personal"},
        {"member_share": 0.0},
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        TrainingConfig(**settings)  # type: ignore[arg-type]


def test_the_nearest_loss_is_named() -> None:
    with pytest.raises(ConfigError, match=r"a loss out of likelihood, predecessor.*'predecessor'"):
        TrainingConfig(loss="predecesor")
    with pytest.raises(ConfigError, match="Did you mean 'encoder'"):
        TrainingConfig(posteriors="encode")


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": -1},
        {"batch_people": 0},
        {"patience": -1},
        {"learning_rate": 0.0},
        {"clip_norm": 0.0},
        {"final_share": 0.0},
        {"final_share": 1.1},
    ],
)
def test_impossible_stages_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="Mend the number"):
        StageConfig(**settings)  # type: ignore[arg-type]


def test_a_stage_that_was_best_at_the_end_of_a_real_budget_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    best = {"nets": 18.0, "moments": 17.0, "encoder": 19.0}

    def fitted(stage: Stage, **_: object) -> dict[str, float]:
        return {"best_epoch": best[stage.name], "epochs_run": 20.0, "objective": 0.0}

    monkeypatch.setattr(training, "fit", fitted)
    longer = {name: dataclasses.replace(getattr(SHORT, name), epochs=20) for name in best}
    config = dataclasses.replace(SHORT, dreamt_people=0, **longer)
    assert train(tiny.logs(), tiny.TINY, config).unfinished == ("nets", "encoder")
    last = dataclasses.replace(config, nets=dataclasses.replace(config.nets, keep="last"))
    assert train(tiny.logs(), tiny.TINY, last).unfinished == ("encoder",)
    few = dataclasses.replace(config, encoder=dataclasses.replace(config.encoder, epochs=19))
    assert train(tiny.logs(), tiny.TINY, few).unfinished == ("nets",)


@pytest.mark.parametrize("architecture", [tiny.TINY, SMALL], ids=["film", "response"])
def test_logs_larger_than_the_memory_train_the_same_model(
    architecture: Architecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of fewer people BLAS rounds the memory in another way, on some processors of these, too.
    few = np.tile(np.arange(tiny.logs().users), 3)
    ids = tuple(f"p{place}" for place in range(len(few)))
    split_of = ("train",) * 20 + ("validation",) * 12 + ("test",) * 4
    many = dataclasses.replace(tiny.logs().of_people(few), user_ids=ids, split_of=split_of)
    short = FOLLOWING if architecture is SMALL else SHORT
    config = dataclasses.replace(short, dreamt_people=12)
    kept = train(many, architecture, config)
    logs = tiny.on_disk(many, tmp_path)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(encoded_logs, "MOST_ENCODED_DAYS", 0)
    monkeypatch.setattr(distillation_data, "MOST_FEATURES_KEPT", 0)
    monkeypatch.setattr(personal_responses, "MOST_KEPT", 0)
    monkeypatch.setattr(disk_arrays, "PEOPLE_TOGETHER", 5)
    lazy = train(logs, architecture, config)
    assert not lazy.logs["train"].are_kept and kept.logs["train"].are_kept
    for name, value in everything(kept).items():
        pair = (everything(lazy)[name], value)
        np.testing.assert_allclose(*pair, rtol=1e-4, atol=2e-5, err_msg=name)
    for stage, score in kept.scores.items():
        assert lazy.scores[stage] == pytest.approx(score, rel=1e-4, abs=1e-4)
