from __future__ import annotations

import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.vector_dream.architecture import VectorArchitecture
from world_model.vector.config import VectorModelConfig


@pytest.mark.parametrize(
    ("latent", "varying", "width"), [(None, 3, 3), (None, 0, 1), (None, 99, 32), (5, 3, 5)]
)
def test_the_width_of_z(latent: int | None, varying: int, width: int) -> None:
    config = VectorModelConfig(
        latent, vae_hidden=6, memory=4, hidden=5, outcome_hidden=3, members=2, mixtures=7
    )
    expected = VectorArchitecture(11, 1, width, 6, 4, 5, 3, 2, 7)
    assert config.architecture(11, 1, varying) == expected


@pytest.mark.parametrize("settings", [{"beta": -0.1}, {"free_nats": -0.1}, {"window": 0}])
def test_what_is_out_of_range_is_refused(settings: dict[str, float]) -> None:
    VectorModelConfig(beta=0.0, free_nats=0.0, window=1, member_share=1.0)
    with pytest.raises(ConfigError, match="beta >= 0, free_nats >= 0 and window >= 1"):
        VectorModelConfig(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.0, 1.1])
def test_a_share_is_of_the_windows(share: float) -> None:
    with pytest.raises(ConfigError, match="member_share in"):
        VectorModelConfig(member_share=share)


def test_where_z_is_narrow_v_is_wider_and_drops_units() -> None:
    default, given = VectorModelConfig(), VectorModelConfig(vae_hidden=7, dropout=0.0)
    assert default.architecture(348, 17, 329).vae_hidden == 512
    assert default.architecture(4, 2, 4).vae_hidden == 256
    assert given.architecture(348, 17, 329).vae_hidden == 7
    assert [default.dropout_of(4, 4), default.dropout_of(3, 4)] == [0.0, 0.2]
    assert given.dropout_of(3, 4) == 0.0


@pytest.mark.parametrize("dropout", [-0.1, 1.0])
def test_dropout_is_a_probability_below_one(dropout: float) -> None:
    with pytest.raises(ConfigError, match="dropout in"):
        VectorModelConfig(dropout=dropout)


def test_the_smaller_hidden_layer_has_a_unit() -> None:
    with pytest.raises(ConfigError, match="vae_hidden >= 2"):
        VectorModelConfig(vae_hidden=1)
