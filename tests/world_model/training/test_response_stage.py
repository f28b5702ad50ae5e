"""Training of a checkpoint whose states follow a response, from logs to arrays."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.model.architecture import Architecture
from human_wm_env.model.checkpoint import load_checkpoint
from human_wm_env.person import schema
from human_wm_env.response.arrays import to_arrays
from human_wm_env.response.basis import COLUMN_FEATURES, daily_basis
from tests.world_model import tiny
from tests.world_model.fitting_runs import Recorder
from tests.world_model.responding import RESPONSE, SHORT, SMALL
from world_model.export import export, flat_weights, restore
from world_model.training import response_stage
from world_model.training.config import RolloutConfig
from world_model.training.logger import SilentLogger
from world_model.training.response import ResponseConfig
from world_model.training.response_stage import sampled, sized, train_response_stage
from world_model.training.response_timing import LEAST_NATS
from world_model.training_stages import Trained, train


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(tiny.logs(), SMALL, SHORT)


def test_a_checkpoint_with_a_response_is_trained_written_and_restored(
    trained: Trained, tmp_path: Path
) -> None:
    users = trained.train[0].users
    export(trained.model, tiny.logs(), users, tmp_path, {})
    checkpoint = load_checkpoint(tmp_path)
    restored = restore(checkpoint)
    before, after = flat_weights(trained.model), flat_weights(restored)
    assert set(before) == set(after)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value, err_msg=name)
    assert not any(name.startswith("transition.") for name in before)
    assert set(trained.scores) == {"response", "nets", "moments", "encoder"}
    assert trained.scores["response"]["people"] == len(users)
    for score in ("nats_per_person", "kl_a_nats", "kl_c_nats"):
        assert np.isfinite(trained.scores["response"][score])
    assert "kl_b_nats" in trained.scores["nets"] and "kl_a_nats" not in trained.scores["nets"]
    logs, posterior = trained.validation
    assert posterior.mean.shape == (logs.people, SMALL.latent_width)
    assert (posterior.sd[:, SMALL.blocks["a"]] < 1.0).all()  # the log says something


def test_rollouts_move_the_policy_alone(trained: Trained) -> None:
    other = train(tiny.logs(), SMALL, dataclasses.replace(SHORT, rollouts=RolloutConfig()))
    one, two = flat_weights(trained.model), flat_weights(other.model)
    assert (one["policy.head"] != two["policy.head"]).any()
    for name in to_arrays(trained.model.trained_response):
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


def stage(
    folder: Path | None, settings: str = "", config: ResponseConfig = RESPONSE, **others: object
) -> dict[str, np.ndarray]:
    logs = tiny.logs()
    logger = Recorder()
    options = {"start": None, "logger": logger, "folder": folder, "settings": settings} | others
    validation = logs.users_of("validation")
    found, _ = train_response_stage(
        logs,
        logs.users_of("train"),
        validation,
        config,
        **options,  # type: ignore[arg-type]
    )
    names = {name for name, _, _ in logger.seen}
    assert names <= {"response/validation/nats_per_person"}
    return to_arrays(found)


def test_an_interrupted_stage_ends_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = stage(None)
    rounds = response_stage.training_rounds

    def killed(*args: object, **options: object):  # type: ignore[no-untyped-def]
        yield next(rounds(*args, **options))  # type: ignore[arg-type]

    monkeypatch.setattr(response_stage, "training_rounds", killed)
    stage(tmp_path, "one run")
    monkeypatch.setattr(response_stage, "training_rounds", rounds)
    for _ in range(2):  # goes on, and then finds nothing left to do
        for name, value in stage(tmp_path, "one run").items():
            np.testing.assert_array_equal(value, whole[name], err_msg=name)
    with pytest.raises(CheckpointError, match="same seed, settings and data"):
        stage(tmp_path, "another run")
    (tmp_path / "response.state.safetensors").write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="can be read"):
        stage(tmp_path, "one run")


def test_a_stage_that_goes_on_does_not_search_the_timing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    auto = dataclasses.replace(RESPONSE, states_measured="auto")
    rounds = response_stage.training_rounds

    def killed(*args: object, **options: object):  # type: ignore[no-untyped-def]
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(response_stage, "training_rounds", killed)
    with pytest.raises(KeyboardInterrupt):
        stage(tmp_path, config=auto)
    monkeypatch.setattr(response_stage, "training_rounds", rounds)
    monkeypatch.delattr(response_stage, "find_timing")
    again = stage(tmp_path, config=auto)
    monkeypatch.undo()
    for name, value in stage(None, config=auto).items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


def test_the_logs_say_when_states_are_measured() -> None:
    logs = tiny.logs()
    found, scores = train_response_stage(
        logs,
        logs.users_of("train"),
        logs.users_of("validation"),
        dataclasses.replace(RESPONSE, states_measured="auto"),
        start=None,
        logger=Recorder(),
    )
    assert found.morning_states == (scores["timing_nats"] > LEAST_NATS)


def test_people_who_train_do_not_judge_and_a_start_is_kept_unless_later_days_say_better(
    trained: Trained,
) -> None:
    logs, start = tiny.logs(), trained.model.trained_response
    people = logs.users_of("train")
    found, scores = train_response_stage(
        logs, people, people[:2], RESPONSE, start=start, logger=SilentLogger()
    )
    assert scores["validation_people"] == 0 and scores["gain_over_start_nats"] >= 0.0
    kept = all(
        np.array_equal(value, to_arrays(found)[name]) for name, value in to_arrays(start).items()
    )
    assert kept == (scores["gain_over_start_nats"] == 0.0)
    moved, scores = train_response_stage(
        logs, people[:1], people[:1], RESPONSE, start=None, logger=SilentLogger()
    )
    assert scores["validation_people"] == 0
    assert all(np.isfinite(value).all() for value in to_arrays(moved).values())


@pytest.mark.parametrize(
    ("config", "architecture", "message"),
    [
        (ResponseConfig(rank=7), SMALL, "model.latent_c"),
        (dataclasses.replace(RESPONSE, tau_days=(1.0,)), SMALL, "2 time constants"),
    ],
)
def test_other_sizes_than_the_architecture_has_are_refused(
    config: ResponseConfig, architecture: Architecture, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        sized(config, architecture)


def test_the_sizes_are_those_of_the_architecture() -> None:
    found = sized(ResponseConfig(tau_days=(2.0, 20.0)), SMALL)
    assert (found.rank, found.channels) == (3, (2, 2))


def test_the_predecessor_has_no_response() -> None:
    with pytest.raises(ConfigError, match="transition=film"):
        train(tiny.logs(), SMALL, dataclasses.replace(SHORT, loss="predecessor"))


def test_what_was_never_logged_or_done_does_not_enter_the_response() -> None:
    logs = tiny.logs()
    rows, observed = logs.rows.copy(), logs.observed.copy()
    swimming = schema.categories(schema.WORKOUT).index("Swimming")
    rows[..., schema.WORKOUT] = np.where(
        rows[..., schema.WORKOUT] == swimming, 0.0, rows[..., schema.WORKOUT]
    )
    observed[..., [schema.LOCATION, schema.HEART_RATE, schema.MOOD]] = False
    found, _ = train_response_stage(
        tiny.with_rows(logs, rows, observed),
        logs.users_of("train"),
        logs.users_of("validation"),
        RESPONSE,
        start=None,
        logger=SilentLogger(),
    )
    assert all(np.isfinite(value).all() for value in to_arrays(found).values())
    needs = [schema.LOCATION in each for each in COLUMN_FEATURES]
    done = rows[0, :1].copy()
    done[:, [schema.WORKOUT, schema.MINUTES, schema.STEPS]] = swimming, 30.0, 0.0
    columns = daily_basis(done)[0]
    done[:, schema.WORKOUT] = schema.categories(schema.WORKOUT).index("None")
    of_swimming = columns != daily_basis(done)[0]
    assert of_swimming.sum() == 2 and sum(needs) > 0
    for channels in found.channels:
        assert not channels[needs | of_swimming].any() and channels[0].any()


def test_of_many_people_some_are_learned_from_and_some_judge() -> None:
    train, validation = np.arange(10, 90), np.arange(90, 100)
    all_of_them = sampled(train, validation, dataclasses.replace(RESPONSE, people=90))
    assert all_of_them == (train, validation)
    some = dataclasses.replace(RESPONSE, people=45)
    learned, judging = sampled(train, validation, some)
    assert (len(learned), len(judging)) == (40, 5)
    for chosen, of in ((learned, train), (judging, validation)):
        assert set(chosen) <= set(of) and (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(sampled(train, validation, some)[0], learned)
    other = dataclasses.replace(some, seed=1)
    assert (sampled(train, validation, other)[0] != learned).any()
    least = sampled(train, validation[:1], dataclasses.replace(RESPONSE, people=2))
    assert [len(each) for each in least] == [1, 1]
    alone = sampled(train, validation[:0], dataclasses.replace(RESPONSE, people=7))
    assert [len(each) for each in alone] == [7, 0]
    with pytest.raises(ConfigError, match="people >= 2"):
        dataclasses.replace(RESPONSE, people=1)


def test_a_response_of_a_sample_is_that_of_these_people_alone() -> None:
    logs, config = tiny.logs(), dataclasses.replace(RESPONSE, people=6)
    train, validation = np.arange(9), np.arange(9, 12)
    learned, judging = sampled(train, validation, config)
    found = [
        train_response_stage(logs, *who, how, start=None, logger=SilentLogger())
        for who, how in (((train, validation), config), ((learned, judging), RESPONSE))
    ]
    assert found[0][1] == found[1][1] and found[0][1]["people"] == len(learned) == 4
    for name, value in to_arrays(found[0][0]).items():
        np.testing.assert_array_equal(value, to_arrays(found[1][0])[name], err_msg=name)
