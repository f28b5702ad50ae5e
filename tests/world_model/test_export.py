from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from human_wm_env.errors import CheckpointError
from human_wm_env.model.checkpoint import load_checkpoint
from human_wm_env.person.weather import fit_transitions
from tests.world_model import tiny
from world_model.export import export, flat_weights, load_start, restore


@pytest.mark.parametrize("name", tiny.ARCHITECTURES)
def test_what_is_exported_is_restored_exactly(tmp_path: Path, name: str) -> None:
    model = tiny.model(tiny.ARCHITECTURES[name])
    users = tiny.logs().users_of("train")
    export(model, tiny.logs(), users, tmp_path, {"command": "pretrain"})
    before = flat_weights(model)
    assert before["transition.offset"].any() and before["transition.reference"].any()
    for source in (tmp_path, str(tmp_path), load_checkpoint(tmp_path)):
        restored = restore(source)
        assert restored.architecture == model.architecture
        after = flat_weights(restored)
        assert set(after) == set(before)
        for weight, value in before.items():
            np.testing.assert_array_equal(after[weight], value)


def test_the_weather_is_that_of_the_given_people(tmp_path: Path) -> None:
    logs, users = tiny.logs(), np.array([0, 3])
    export(tiny.model(), logs, users, tmp_path, {})
    expected = fit_transitions(logs.rows[users][..., 7], logs.observed[users][..., 7])
    np.testing.assert_array_equal(load_checkpoint(tmp_path).weather_transitions, expected)


def test_weights_of_another_size_are_refused() -> None:
    for key, value in (("members", 2), ("latent_a", 5), ("gru_hidden", 9), ("components", 2)):
        with pytest.raises(CheckpointError, match="of the architecture in the manifest"):
            restore(replace(tiny.checkpoint(), architecture=replace(tiny.TINY, **{key: value})))


def test_missing_and_added_weights_are_refused() -> None:
    source = tiny.checkpoint()
    missing = {name: value for name, value in source.weights.items() if name != "policy.chain"}
    added = source.weights | {"policy.extra": np.zeros(3, dtype=np.float32)}
    for weights, name in ((missing, "policy.chain"), (added, "policy.extra")):
        with pytest.raises(CheckpointError, match=name):
            restore(replace(source, weights=weights))


def test_a_start_of_another_architecture_is_refused(tmp_path: Path) -> None:
    export(tiny.model(), tiny.logs(), tiny.logs().users_of("train"), tmp_path, {})
    assert load_start(tmp_path, tiny.TINY).architecture == tiny.TINY
    with pytest.raises(CheckpointError) as caught:
        load_start(tmp_path, replace(tiny.TINY, members=2, memory=False))
    assert caught.value.expected == "a start of this architecture, members 2, memory False"
    assert caught.value.received == f"members 3, memory True in {tmp_path}"
    assert "model.members=3 model.memory=True" in caught.value.remedy
    with pytest.raises(CheckpointError, match="no such folder"):
        load_start(tmp_path / "nowhere", tiny.TINY)
