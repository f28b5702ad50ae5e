from __future__ import annotations

from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from human_wm_env.files.cache import CACHE_VARIABLE
from human_wm_env.files.tensors import write_sealed
from human_wm_env.model.architecture import Architecture
from human_wm_env.random_streams import Stream
from human_wm_env.worlds import posterior_store
from human_wm_env.worlds.dream import DreamWorld
from human_wm_env.worlds.posterior_store import PosteriorStore
from human_wm_env.worlds.starts import PersonStart
from tests.world_model import tiny

DAYS = np.array([14, 28])
VALUES = np.arange(10, dtype=np.float32).reshape(2, 5)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    return tmp_path


def store(scale: float = 1.0) -> PosteriorStore:
    return PosteriorStore(
        {"encoder.first": np.full(3, scale, np.float32), "head": np.ones(2)}, Architecture()
    )


def test_what_was_kept_comes_back(folder: Path) -> None:
    history = tiny.logs().history(2, 40)
    assert store().load(history, DAYS, 5) is None
    store().save(history, DAYS, VALUES)
    kept = store().load(history, DAYS, 5)
    assert kept is not None
    np.testing.assert_array_equal(kept, VALUES)
    assert len(list(folder.glob("posteriors-*/*"))) == 1  # and nothing half-written


def test_everything_that_matters_is_part_of_the_name(folder: Path) -> None:
    logs = tiny.logs()
    store().save(logs.history(2, 40), DAYS, VALUES)
    assert store().load(logs.history(3, 40), DAYS, 5) is None
    assert store().load(logs.history(2, 40), DAYS + 7, 5) is None
    assert store(2.0).load(logs.history(2, 40), DAYS, 5) is None
    rows, observed = logs.rows.copy(), logs.observed.copy()
    observed[2, 39, 0] = ~observed[2, 39, 0]
    assert store().load(tiny.with_rows(logs, rows, observed).history(2, 40), DAYS, 5) is None
    assert (
        PosteriorStore({"encoder.first": np.ones(3, np.float32)}, Architecture()).folder
        == store().folder
    )


def test_the_name_tells_architectures_shapes_and_the_version(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = {"encoder.first": np.ones((2, 3), np.float32)}
    with_memory = Architecture(memory=True)
    named = PosteriorStore(weights, with_memory).folder
    assert PosteriorStore(weights, Architecture(memory=True)).folder == named
    assert PosteriorStore(weights, Architecture(memory=False)).folder != named
    turned = {"encoder.first": np.ones((3, 2), np.float32)}
    assert PosteriorStore(turned, with_memory).folder != named
    monkeypatch.setattr(posterior_store, "POSTERIOR_VERSION", posterior_store.POSTERIOR_VERSION + 1)
    assert PosteriorStore(weights, with_memory).folder != named


@pytest.mark.parametrize("damage", [b"", b"no safetensors", b"\x02\0\0\0\0\0\0\0{}"])
def test_a_damaged_file_counts_as_none(folder: Path, damage: bytes) -> None:
    history = tiny.logs().history(2, 40)
    store().save(history, DAYS, VALUES)
    (file,) = folder.glob("posteriors-*/*.safetensors")
    file.write_bytes(damage)
    assert store().load(history, DAYS, 5) is None
    for wrong in (VALUES[:1], VALUES.astype(np.float64)):
        write_sealed(file, {"values": wrong}, {})
        assert store().load(history, DAYS, 5) is None


def test_a_folder_that_cannot_be_written_is_no_error(folder: Path) -> None:
    history = tiny.logs().history(2, 40)
    (folder / store().folder.name).write_text("in the way")
    store().save(history, DAYS, VALUES)
    assert store().load(history, DAYS, 5) is None


def test_a_dream_is_the_same_with_a_store(folder: Path) -> None:
    """Without, the first time, and read back; whoever is encoded beside."""

    def latents(starts: list[PersonStart], kept: PosteriorStore | None) -> np.ndarray:
        world = DreamWorld(tiny.runtime(), tiny.logs(), split="all", store=kept)
        streams = [Stream((0, 0, 0), (0, 0, 0))] * len(starts)
        return world.reset(starts, streams)[0].inner.latents[-1]

    own = PosteriorStore(tiny.runtime().checkpoint.weights, tiny.TINY)
    world = DreamWorld(tiny.runtime(), tiny.logs(), split="all")
    start, beside = (PersonStart(user, int(world.start_days(user)[1]), 3) for user in (4, 7))
    without = latents([start], None)
    np.testing.assert_array_equal(latents([beside, start], None), without)
    np.testing.assert_array_equal(latents([beside, start], own), without)
    assert len(list(own.folder.iterdir())) == 2
    np.testing.assert_array_equal(latents([start], own), without)


def test_logs_of_ones_own_are_not_written(folder: Path) -> None:
    env = gym.make("HumanWM-v0", dataset=tiny.logs(), split="all")
    env.reset(seed=0)
    assert not list(folder.iterdir())
