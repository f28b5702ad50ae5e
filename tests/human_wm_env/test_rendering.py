from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from human_wm_env import rendering, schema
from human_wm_env.envs.env import Env
from human_wm_env.worlds.simulation import SimulatorWorld
from tests.world_model import tiny

# Whoever logs least of all.
FORGETFUL = int(tiny.logs().observed.mean(axis=(1, 2)).argmin())


def lived(mode: str, days: int = 4) -> tuple[Any, list[dict[str, Any]]]:
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
        "day   59 | steps 8123.0 steps | calories_burned 2400.0 kcal | distance_km 6.2 km"
        " | active_minutes 240.0 min | sleep_hours 7.5 h | heart_rate_avg 71.2 bpm"
        " | workout_type Running | weather_conditions Rain | location Park | mood Stressed"
    )
    assert second == "day   60 | " + " | ".join(f"{name} ." for name in schema.FEATURE_NAMES)


def test_text_of_an_episode_shows_what_the_agent_saw() -> None:
    text, infos = lived("ansi")
    lines = text.split("\n")
    assert [line.split(" | ")[0] for line in lines] == [f"day {day:4d}" for day in range(59, 64)]
    masks = np.array([info["mask"] for info in infos])
    assert masks.any() and not masks.all()
    for line, mask in zip(lines, masks, strict=True):
        shown = [cell.endswith(" .") for cell in line.split(" | ")[1:]]
        assert shown == (~mask).tolist()


def test_pictures_are_rgb_arrays() -> None:
    picture, _ = lived("rgb_array")
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert min(picture.shape[:2]) > 200
    again, _ = lived("rgb_array")
    np.testing.assert_array_equal(picture, again)
    longer, _ = lived("rgb_array", days=6)
    assert longer.shape == picture.shape and (longer != picture).any()


def test_a_picture_right_after_the_reset() -> None:
    picture, _ = lived("rgb_array", days=0)
    assert picture.dtype == np.uint8 and len(np.unique(picture)) > 10


def test_masked_days_are_drawn_hollow_and_never_at_zero() -> None:
    """What the eve hides is not in the row at all: it must not be drawn as 0 bpm."""
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


@pytest.mark.parametrize("branches", [1, 5, 125])
def test_fan_charts_can_be_drawn(branches: int) -> None:
    logs = tiny.logs()
    history = logs.history(4, 60)
    futures = np.repeat(tiny.people().true_rows[4:5, 60:90], branches, axis=0)
    futures = futures + np.random.default_rng(0).integers(0, 2, futures.shape)
    futures[..., schema.MOOD] %= 4
    figure = rendering.fan_chart(
        history.rows[-40:], history.observed[-40:], futures, 60, "Somebody"
    )
    assert isinstance(figure, Figure)
    assert len(figure.axes) == len(rendering.SHOWN)
    assert drawn(figure).shape[2] == 4
    figure.savefig(io.BytesIO(), format="png")


def test_a_fan_holds_the_futures() -> None:
    """Bands are the percentiles of the futures, moods their shares."""
    rng = np.random.default_rng(0)
    futures = np.zeros((200, 3, 10), dtype=np.float32)
    futures[..., schema.STEPS] = rng.uniform(0, 10_000, (200, 3))
    futures[..., schema.MOOD] = np.repeat([0, 0, 1, 3], 50)[:, None]
    nothing = np.zeros((14, 10), dtype=bool)
    figure = rendering.fan_chart(np.zeros((14, 10)), nothing, futures, 20, "")
    steps, mood = figure.axes[0], figure.axes[3]
    bands = [c.get_paths()[0].get_extents() for c in steps.collections if c.get_paths()]
    wide = max(bands, key=lambda box: box.height)
    every = np.percentile(futures[..., schema.STEPS], [5, 95], axis=0)
    assert (wide.y0, wide.y1) == pytest.approx((every[0].min(), every[1].max()), rel=1e-4)
    heights = [bar.get_height() for bar in mood.patches][::3]
    assert heights == pytest.approx([0.5, 0.25, 0.0, 0.25])
    drawn(figure)
