"""Episodes to be drawn, and what is read off a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from human_wm_env.envs.env import Env
from human_wm_env.worlds.simulator import SimulatorWorld
from tests.world_model import tiny

# Whoever logs least of all.
FORGETFUL = int(tiny.logs().observed.mean(axis=(1, 2)).argmin())


def played(mode: str, days: int = 4) -> tuple[Any, list[dict[str, Any]]]:
    world = SimulatorWorld(tiny.people(), split="all", horizon=10)
    env = Env(world, render_mode=mode)
    _, info = env.reset(seed=0, options={"user": f"p{FORGETFUL:03d}", "day": 60})
    infos = [info]
    for day in range(days):
        action = np.random.default_rng(day).uniform(-1, 1, 7).astype(np.float32)
        infos.append(env.step(action)[4])
    return env.render(), infos


def drawn(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def title(figure: Figure) -> str:
    return figure.legends[0].get_title().get_text()
