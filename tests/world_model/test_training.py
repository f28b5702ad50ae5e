from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.dataset import LogDataset
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.runtime.encoder import Posterior
from tests.world_model import tiny
from tests.world_model.test_fitting import Recorder
from world_model import training
from world_model.config import StageConfig, TrainingConfig
from world_model.export import flat_weights
from world_model.training import Trained, active_units, train

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
    for curve in curves.values():
        assert len(curve) == 8
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
    monkeypatch.setattr(training, "dreamt_recognition", lambda *_, **__: pytest.fail("dreamt"))
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
        {"member_share": 0.0},
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        TrainingConfig(**settings)  # type: ignore[arg-type]


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
