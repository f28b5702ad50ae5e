from __future__ import annotations

import numpy as np
import pytest

from human_wm_env.envs.observation_view import ObservationView
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.worlds.simulator import SimulatorWorld


def test_dict_and_flat_are_the_same(small: EmbeddedPeople) -> None:
    world = SimulatorWorld(small)
    view = ObservationView(world, "dict")
    flat = world.observation_space.sample()
    cut = view(flat)
    assert isinstance(cut, dict) and view.space.contains(cut)
    joined = np.concatenate([cut[name] for name in world.observation_parts])
    np.testing.assert_array_equal(joined, flat)
    cut["mood"][:] = 9.0
    np.testing.assert_array_equal(flat, joined)
    assert ObservationView(world, "flat")(flat) is flat


def test_another_kind_is_refused(small: EmbeddedPeople) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'dict'"):
        ObservationView(SimulatorWorld(small), "dicts")
