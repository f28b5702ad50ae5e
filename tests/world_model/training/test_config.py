"""Settings of a training: what is out of range, and what does not go together."""

from __future__ import annotations

from typing import Any

import pytest

from human_wm_env.errors import ConfigError
from world_model.training.config import RolloutConfig, StageConfig, TrainingConfig


@pytest.mark.parametrize(
    "wrong", [{"weight": -0.1}, {"draws": 1}, {"every": 0}, {"people": 0}, {"days": 0}]
)
def test_rollouts_out_of_range(wrong: dict[str, Any]) -> None:
    RolloutConfig(weight=0.0, draws=2, every=1, people=1, days=1)
    with pytest.raises(ConfigError, match="weight >= 0"):
        RolloutConfig(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"learning_rate": 0.0}, {"clip_norm": 0.0}, {"final_share": 0.0}, {"final_share": 1.1}],
)
def test_stages_out_of_range(wrong: dict[str, Any]) -> None:
    StageConfig(learning_rate=1e-9, clip_norm=1e-9, final_share=1.0)
    with pytest.raises(ConfigError, match="learning_rate > 0"):
        StageConfig(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"beta": {"a": 1.0, "b": 1.0}}, "beta >= 0"),
        ({"beta": {"a": 1.0, "b": 1.0, "c": -1.0}}, "beta >= 0"),
        ({"free_bits": {"a": -0.1, "b": 0.0, "c": 0.0}}, "free_bits >= 0"),
        ({"loss": "likelyhood"}, "Did you mean 'likelihood'"),
        ({"posteriors": "encodr"}, "Did you mean 'encoder'"),
        ({"loss": "predecessor", "posteriors": "personal"}, "posteriors=encoder"),
        ({"member_share": 0.0}, "member_share"),
        ({"member_share": 1.1}, "member_share"),
    ],
)
def test_trainings_out_of_range(wrong: dict[str, Any], message: str) -> None:
    TrainingConfig(member_share=1.0, beta={"a": 0.0, "b": 0.0, "c": 0.0})
    with pytest.raises(ConfigError, match=message):
        TrainingConfig(**wrong)


def test_who_trains_all_nets_together() -> None:
    assert not TrainingConfig().is_joint
    assert TrainingConfig(posteriors="encoder").is_joint
    assert TrainingConfig(loss="predecessor").is_joint
