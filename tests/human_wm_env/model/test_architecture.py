"""Sizes of the nets and where the blocks of the latents stand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.model.architecture import LARGEST_SIZE, Architecture
from human_wm_env.runtime.world_model import load_world_model

FILM = Architecture(latent_a=3, latent_b=4, latent_c=2, transition="film")
RESPONSE = Architecture(latent_a=2, latent_b=4, latent_c=5, transition="response")


def test_blocks_stand_side_by_side() -> None:
    assert FILM.blocks == {"a": slice(0, 3), "b": slice(3, 7), "c": slice(7, 9)}
    assert (FILM.latent_width, FILM.net_width) == (9, 9)
    assert FILM.net_blocks == FILM.blocks and not FILM.has_response


def test_nets_beside_a_response_infer_the_style_alone() -> None:
    assert RESPONSE.has_response and RESPONSE.net_blocks == {"b": slice(0, 4)}
    assert (RESPONSE.latent_width, RESPONSE.net_width) == (11, 4)


@pytest.mark.parametrize("size", [0, LARGEST_SIZE + 1])
def test_sizes_have_ends(size: int) -> None:
    with pytest.raises(ConfigError, match="latent_b"):
        Architecture(latent_b=size)
    assert Architecture(latent_b=1).latent_b == 1


def test_channels_of_both_states() -> None:
    one = Architecture(
        latent_a=2, transition="response", response_rate_channels=3, response_mood_channels=5
    )
    assert one.response_channels == (3, 5)
    sizes = {"latent_a": 2, "transition": "response"}
    before = Architecture.of_manifest({**sizes, "response_channels": 4})
    assert before.response_channels == (4, 4)  # one number was of both
    assert Architecture.of_manifest(sizes) == Architecture(latent_a=2, transition="response")


def test_the_bundled_checkpoint_has_the_default_sizes() -> None:
    """But for z_a, which the response needs less of, and the transition, whose default is old."""
    bundled = load_world_model().checkpoint.architecture
    assert replace(bundled, latent_a=16, transition="film") == Architecture()
