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
