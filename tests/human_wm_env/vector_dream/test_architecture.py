from __future__ import annotations

from dataclasses import replace

import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.vector_dream.architecture import VectorArchitecture, expected_shapes
from tests.human_wm_env.vector_dream.small import SIZE


def test_shapes_by_hand() -> None:
    shapes = expected_shapes(SIZE)  # 3 observed, 1 action, 2 latents; 6, 4, 5 and 3 units
    assert SIZE.features == 2 + 4
    assert {name: shapes[name] for name in ("normaliser.mean", "scales.step", "scales.reward")} == {
        "normaliser.mean": (3,),
        "scales.step": (2,),
        "scales.reward": (4,),
    }
    assert shapes["encoder.linear.weight"] == (2, 3) and shapes["encoder.linear.bias"] == (2,)
    assert [shapes[f"encoder.{layer}.weight"] for layer in ("first", "second", "out")] == [
        *((6, 3), (3, 6), (4, 3))
    ]
    assert shapes["decoder.linear.weight"] == (3, 2)
    assert [shapes[f"decoder.{layer}.weight"] for layer in ("first", "second", "out")] == [
        *((3, 2), (6, 3), (3, 6))
    ]
    assert [shapes[f"memory.{name}"] for name in ("input", "input_bias", "hidden")] == [
        *((1, 3, 12), (1, 12), (1, 4, 12))
    ]
    assert shapes["memory.hidden_bias"] == (1, 4)
    assert [shapes[f"next.{layer}"] for layer in ("first", "second", "out", "out_bias")] == [
        *((2, 7, 5), (2, 5, 5), (2, 5, 12), (2, 1, 12))
    ]
    assert [shapes[f"outcome.{layer}"] for layer in ("first", "first_bias", "second", "out")] == [
        *((2, 9, 3), (2, 1, 3), (2, 3, 3), (2, 3, 2))
    ]


def test_sizes_below_one_are_refused() -> None:
    assert VectorArchitecture(1, 1, 1, 2, 1, 1, 1, 1, 1).features == 2
    with pytest.raises(ConfigError, match="memory >= 1"):
        replace(SIZE, memory=0)
    with pytest.raises(ConfigError, match="vae_hidden >= 2"):
        replace(SIZE, vae_hidden=1)
