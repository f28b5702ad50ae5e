from __future__ import annotations

import io
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
        "day   59 | steps 8123.0 | calories_burned 2400.0 kcal | distance_km 6.2"
        " | active_minutes 240.0 | sleep_hours 7.5 | heart_rate_avg 71.2 bpm"
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
    lived("rgb_array")
    assert named == [f"p{FORGETFUL:03d}"]


def chart(draws: np.ndarray, futures: np.ndarray, seen: float = 0.5) -> Figure:
    rng = np.random.default_rng(0)
    logged = tiny.people().true_rows[4, 40:60]
    mask = rng.random(logged.shape) < seen
    return rendering.fan_chart(
        logged, mask, draws=draws, futures=futures, first_day=60, title="Somebody"
    )


def imagined(count: int, days: int = 30) -> np.ndarray:
    rows = np.repeat(tiny.people().true_rows[4:5, 60 : 60 + days], count, axis=0)
    rows = rows + np.random.default_rng(0).integers(0, 2, rows.shape)
    rows[..., schema.MOOD] %= 4
    return rows


@pytest.mark.parametrize(("draws", "branches"), [(1, 1), (500, 2), (40, 125)])
@pytest.mark.parametrize("seen", [0.0, 1.0])
def test_fan_charts_can_be_drawn(draws: int, branches: int, seen: float) -> None:
    figure = chart(imagined(draws), imagined(branches), seen)
    assert isinstance(figure, Figure)
    assert len(figure.axes) == len(rendering.SHOWN)
    assert drawn(figure).shape[2] == 4
    figure.savefig(io.BytesIO(), format="png")


def test_fan_charts_say_what_is_drawn() -> None:
    figure = chart(imagined(500), imagined(125))
    assert title(figure) == "Somebody"
    names = ["logged", "90% of 500 draws", "50% of 500 draws", "3 single futures", "median"]
    assert legend(figure) == names
    steps, mood = figure.axes[0], figure.axes[3]
    drawn(figure)  # the labels of ticks are known only then
    ticks = [label.get_text() for label in steps.get_yticklabels()]
    assert any("," in tick for tick in ticks)
    assert all(axis.get_ylabel() == "" for axis in figure.axes)  # units stand in the titles
    assert mood.get_title(loc="left") == "Mood (share of 500 draws)"
    shares = [label.get_text() for label in mood.get_yticklabels()]
    assert shares == ["0%", "50%", "100%"]
    assert [text.get_text() for text in mood.texts] == ["logged"]


def test_a_fan_holds_the_draws() -> None:
    """Bands are the percentiles of the draws, moods their shares; lines are futures."""
    rng = np.random.default_rng(0)
    draws = np.zeros((200, 3, 10), dtype=np.float32)
    draws[..., schema.STEPS] = rng.uniform(0, 10_000, (200, 3))
    draws[..., schema.MOOD] = np.repeat([0, 0, 1, 3], 50)[:, None]
    futures = np.zeros((125, 3, 10), dtype=np.float32)
    futures[..., schema.STEPS] = 20_000 + np.arange(125)[:, None]
    figure = chart(draws, futures, seen=0.0)
    steps, mood = figure.axes[0], figure.axes[3]
    bands = [c.get_paths()[0].get_extents() for c in steps.collections if c.get_paths()]
    heights = sorted((box.y0, box.y1) for box in bands if box.height > 100.0)
    for (low, high), percents in zip(heights, ([5, 95], [25, 75]), strict=True):
        every = np.percentile(draws[..., schema.STEPS], percents, axis=0)
        assert (low, high) == pytest.approx((every[0].min(), every[1].max()), rel=1e-4)
    *lines, median, _ = [np.asarray(line.get_ydata()) for line in steps.lines]
    np.testing.assert_allclose(median, np.median(draws[..., schema.STEPS], axis=0))
    # Branches 0, 62 and 124 differ in all three of their indices.
    assert [line.tolist() for line in lines] == [[20_000.0 + b] * 3 for b in (0, 62, 124)]
    shares = [[bar.get_height() for bar in bars] for bars in mood.containers]
    assert shares == [[0.5] * 3, [0.25] * 3, [0.0] * 3, [0.25] * 3]
    drawn(figure)


def test_logged_moods_stand_above_the_bars() -> None:
    figure = chart(imagined(8), imagined(8), seen=1.0)
    mood = figure.axes[3]
    dots = [np.asarray(c.get_offsets()) for c in mood.collections]
    assert sum(len(each) for each in dots) == 20
    heights = np.concatenate(dots)[:, 1]
    assert heights.min() == heights.max() > 1.0
    assert heights.max() < mood.get_ylim()[1]
    moods = tiny.people().true_rows[4, 40:60, schema.MOOD]
    for number, each in enumerate(dots):
        assert sorted(each[:, 0]) == (40 + np.flatnonzero(moods == number)).tolist()


def test_labels_of_ticks_are_not_rounded() -> None:
    rows = imagined(3)
    rows[..., schema.SLEEP] = np.linspace(4.4, 13.6, rows.shape[1])
    figure = chart(rows, rows)
    drawn(figure)
    for axis in figure.axes[:-1]:
        for place, label in zip(axis.get_yticks(), axis.get_yticklabels(), strict=True):
            assert float(label.get_text().replace(",", "").replace("\N{MINUS SIGN}", "-")) == place
