from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import gymnasium as gym
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError
from human_wm_env.people.embedded import EmbeddedPeople
from human_wm_env.worlds.simulator import SimulatorWorld

WAITED: list[float] = []


class Screen(FigureCanvasAgg):
    """A canvas in whose event loop nothing happens."""

    required_interactive_framework = "headless"
    manager_class = FigureManagerBase  # type: ignore[assignment]

    def start_event_loop(self, timeout: float = 0.0) -> None:
        self.draw()
        WAITED.append(timeout)


class Manager(FigureManagerBase):
    def show(self) -> None:
        pass


Screen.manager_class = Manager  # type: ignore[assignment]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    backend = types.ModuleType("windows_of_tests")
    backend.FigureCanvas = Screen  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, backend.__name__, backend)
    monkeypatch.setattr("matplotlib.cbook._get_running_interactive_framework", lambda: "headless")
    before = pyplot.get_backend()
    pyplot.switch_backend(f"module://{backend.__name__}")
    WAITED.clear()
    yield
    pyplot.close("all")
    pyplot.switch_backend(before)


def test_a_window_shows_the_frames(small: EmbeddedPeople, screen: None) -> None:
    env, frames = (
        gym.make("HumanWMSim-v0", dataset=small, horizon=3, render_mode=mode)
        for mode in ("human", "rgb_array")
    )
    env.reset(seed=0), frames.reset(seed=0)
    for steps in range(4):
        assert len(WAITED) == steps + 1 and WAITED[0] == 0.25
        (number,) = pyplot.get_fignums()
        (image,) = pyplot.figure(number).axes[0].images
        np.testing.assert_array_equal(np.asarray(image.get_array()), frames.render())
        if steps < 3:
            assert env.render() is None
            env.step(np.zeros(7)), frames.step(np.zeros(7))
    env.close()
    assert pyplot.get_fignums() == []


def test_without_a_screen_it_says_so(small: EmbeddedPeople) -> None:
    before = pyplot.get_backend()
    pyplot.switch_backend("agg")
    with pytest.raises(ConfigError, match=r"a screen for render_mode=.*rgb_array"):
        gym.make("HumanWMSim-v0", dataset=small, render_mode="human")
    pyplot.switch_backend(before)


def test_many_slots_have_no_window(small: EmbeddedPeople) -> None:
    with pytest.raises(ConfigError, match="shows one episode"):
        VectorEnv(SimulatorWorld(small), 2, render_mode="human")
