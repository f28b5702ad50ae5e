"""A loaded world model: its parts, and people encoded together as alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError
from human_wm_env.model.checkpoint import BUNDLED
from human_wm_env.person.history import History
from human_wm_env.runtime import world_model
from human_wm_env.runtime.world_model import load_world_model
from tests.world_model import tiny

DAYS = (30, 3, 100, 30, 51)


def histories() -> list[History]:
    return [tiny.logs().history(user, days) for user, days in enumerate(DAYS)]


def test_states_follow_nets_or_a_response() -> None:
    film, bundled = tiny.runtime(), load_world_model()
    assert film.response is None and film.nets is film.nets
    width = film.nets.layout.encoded_width
    chain = film.nets.transition.chain
    np.testing.assert_array_equal(film.nets.chain[:, :width], chain[:, :width])
    np.testing.assert_allclose(film.nets.chain[:, width], chain[:, width:].sum(axis=1), rtol=1e-5)
    assert bundled.response is not None
    with pytest.raises(CheckpointError, match="which has no transition nets"):
        _ = bundled.nets


@pytest.mark.parametrize("together", [64, 2])
@pytest.mark.parametrize("bundled", [False, True])
def test_people_are_encoded_as_alone(
    bundled: bool, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world_model, "ENCODER_BATCH", together)
    runtime = load_world_model() if bundled else tiny.runtime()
    posterior, memory = runtime.encode(histories())
    assert posterior.mean.shape == (5, runtime.architecture.latent_width)
    for person, history in enumerate(histories()):
        own, after = runtime.encode([history])
        for one, other in (
            (posterior.mean, own.mean),
            (posterior.log_variance, own.log_variance),
            (memory.total, after.total),
            (memory.weight, after.weight),
        ):
            np.testing.assert_allclose(one[person], other[0], rtol=1e-4, atol=1e-5)


def test_beginnings_are_encoded_as_logs_of_their_length() -> None:
    runtime, whole = load_world_model(), tiny.logs().history(2, 70)
    posterior, memory = runtime.encode_beginnings(whole, np.array([14, 49]))
    for place, days in enumerate((14, 49)):
        own, after = runtime.encode([tiny.logs().history(2, days)])
        np.testing.assert_allclose(posterior.mean[place], own.mean[0], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(memory.total[place], after.total[0], rtol=1e-4, atol=1e-5)


def test_blocks_move_the_nets_that_they_are_of() -> None:
    runtime, blocks = tiny.runtime(), tiny.TINY.blocks
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((3, tiny.TINY.latent_width)).astype(np.float32)
    style = runtime.policy.modulation(latents[:, blocks["b"]])
    body = runtime.nets.transition.modulation(latents[:, blocks["c"]], latents[:, blocks["a"]])
    for found, expected in (
        (runtime.policy_modulation(latents), style),
        (runtime.transition_modulation(latents), body),
    ):
        for name, value in vars(expected).items():
            np.testing.assert_array_equal(getattr(found, name), value)


def test_a_checkpoint_is_loaded_once(tmp_path: Path) -> None:
    loaded = load_world_model()
    assert load_world_model(BUNDLED) is loaded and load_world_model(loaded) is loaded
    shutil.copytree(BUNDLED, tmp_path / "copy")
    other = load_world_model(str(tmp_path / "copy"))
    assert other is not loaded and other is load_world_model(tmp_path / "copy")
    np.testing.assert_array_equal(
        other.encode(histories()[:1])[0].mean, loaded.encode(histories()[:1])[0].mean
    )
