"""Settings that other settings leave without effect."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest

from human_wm_cli.commands.demo import DemoConfig
from human_wm_cli.commands.pretrain import PretrainConfig
from human_wm_cli.config import compose
from human_wm_env import ConfigError
from human_wm_env.model.architecture import Architecture
from world_model import TrainingConfig
from world_model.training.config import ENCODER, PREDECESSOR, RolloutConfig
from world_model.training.unused import unused_settings

RESPONSE = Architecture(transition="response", latent_a=2)
JOINT = TrainingConfig(posteriors=ENCODER)


def exists(name: str) -> bool:
    group, *path = name.split(".")
    config: object = {"model": RESPONSE, "training": TrainingConfig()}[group]
    for key in path:
        if not is_dataclass(config) or key not in {each.name for each in fields(config)}:
            return False
        config = getattr(config, key)
    return True


@pytest.mark.parametrize("sizes", [RESPONSE, Architecture()])
@pytest.mark.parametrize("training", [TrainingConfig(), JOINT, TrainingConfig(loss=PREDECESSOR)])
def test_every_name_is_a_setting(sizes: Architecture, training: TrainingConfig) -> None:
    assert [name for name in unused_settings(sizes, training) if not exists(name)] == []


def test_which_settings_count() -> None:
    response, film = (
        unused_settings(each, TrainingConfig()) for each in (RESPONSE, Architecture())
    )
    assert "model.transition_hidden" in response and "model.transition_hidden" not in film
    assert "training.response" in film and "training.response" not in response
    assert "training.joint" in film and "training.joint" not in unused_settings(RESPONSE, JOINT)
    assert "training.nets" in unused_settings(RESPONSE, JOINT)
    assert "training.rollouts.days" in film
    imagining = TrainingConfig(rollouts=RolloutConfig(weight=1.0))
    assert "training.rollouts.days" not in unused_settings(RESPONSE, imagining)
    predecessor = unused_settings(Architecture(), TrainingConfig(loss=PREDECESSOR))
    assert "training.beta" in predecessor and "training.point_distance" not in predecessor


def test_a_start_needs_all_its_sizes() -> None:
    begun = unused_settings(RESPONSE, TrainingConfig(start="bundled"))
    assert not [name for name in begun if name.startswith("model.")]


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("model.transition_hidden=32", "model.transition=film"),
        ("training.joint.epochs=3", "training.posteriors=encoder"),
        ("training.point_distance=mae", "training.loss=predecessor"),
    ],
)
def test_the_commands_refuse_them(word: str, why: str) -> None:
    for schema, name in ((PretrainConfig, "pretrain"), (DemoConfig, "demo")):
        with pytest.raises(ConfigError, match="changes something") as refused:
            compose(schema, name, [word])
        assert why in refused.value.remedy
