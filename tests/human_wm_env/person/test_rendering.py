from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from human_wm_env.envs.env import Env
from human_wm_env.person import rendering, schema
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


def test_text_by_hand() -> None:
    rows = np.zeros((2, 10), dtype=np.float32)
    rows[0] = [8123, 2400, 6.25, 240, 7.5, 71.2, 6, 2, 4, 3]
    observed = np.ones((2, 10), dtype=bool)
    observed[1] = False
    rows[1] = [0, 0, 0, 0, 0, 0, -1, -1, -1, -1]
    first, second = rendering.as_text(np.array([59, 60]), rows, observed).split("\n")
    assert first == (
        "day   59 | steps 8123.0 | calories_burned 2400.0 kcal | distance_km 6.2"
        " | active_minutes 240.0 | sleep_hours 7.5 | heart_rate_avg 71.2 bpm"
        " | workout_type Running | weather_conditions Rain | location Park | mood Stressed"
    )
    assert second == "day   60 | " + " | ".join(f"{name} ." for name in schema.FEATURE_NAMES)


def test_text_of_an_episode_shows_what_the_agent_saw() -> None:
    text, infos = played("ansi")
    lines = text.split("\n")
    assert [line.split(" | ")[0] for line in lines] == [f"day {day:4d}" for day in range(59, 64)]
    masks = np.array([info["mask"] for info in infos])
    assert masks.any() and not masks.all()
    for line, mask in zip(lines, masks, strict=True):
        shown = [cell.endswith(" .") for cell in line.split(" | ")[1:]]
        assert shown == (~mask).tolist()


def test_pictures_are_rgb_arrays() -> None:
    picture, _ = played("rgb_array")
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert min(picture.shape[:2]) > 200
    again, _ = played("rgb_array")
    np.testing.assert_array_equal(picture, again)
    longer, _ = played("rgb_array", days=6)
    assert longer.shape == picture.shape and (longer != picture).any()


def test_a_picture_right_after_the_reset() -> None:
    picture, _ = played("rgb_array", days=0)
    assert picture.dtype == np.uint8 and len(np.unique(picture)) > 10


def test_masked_days_are_drawn_hollow_and_never_at_zero() -> None:
    """What was hidden before the start is not in the row at all: it must not be drawn as 0 bpm."""
    days = np.arange(5)
    rows = np.tile([8000, 2400, 6, 240, 7, 70, 0, 0, 0, 1], (5, 1)).astype(np.float32)
    observed = np.ones((5, 10), dtype=bool)
    observed[0] = False
    rows[0] = [0, 0, 0, 0, 0, 0, -1, -1, -1, -1]
    figure = rendering.episode_figure(days, rows, observed)
    heart_rate = figure.axes[rendering.SHOWN.index(schema.HEART_RATE)]
    points = np.concatenate([np.asarray(c.get_offsets()) for c in heart_rate.collections])
    points = points[~np.ma.getmaskarray(np.ma.masked_invalid(points)).any(axis=1)]
    assert points[:, 1].min() >= 40.0
    drawn(figure)


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def title(figure: Figure) -> str:
    return figure.legends[0].get_title().get_text()


def test_episodes_say_what_is_drawn() -> None:
    days = np.arange(399, 404)
    rows = np.tile([8000, 2400, 6, 240, 7, 70, 0, 0, 0, 1], (5, 1)).astype(np.float32)
    observed = np.ones((5, 10), dtype=bool)
    figure = rendering.episode_figure(days, rows, observed, "p007")
    assert title(figure) == "p007, days 399 to 403"
    assert legend(figure) == ["logged", "lost by the tracker"]
    assert title(rendering.episode_figure(days, rows, observed)).startswith("A log of your own")
    lines = [len(axis.lines) for axis in figure.axes]
    assert lines == [1, 1, 1, 0]  # nothing lies between two moods
    drawn(figure)


def test_the_episode_of_an_env_names_its_person(monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str] = []
    monkeypatch.setattr(rendering, "render", lambda *arguments: named.append(arguments[2]))
    played("rgb_array")
    assert named == [f"p{FORGETFUL:03d}"]
