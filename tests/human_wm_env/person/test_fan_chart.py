from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from human_wm_env.person import rendering, schema
from human_wm_env.person.fan_chart import MOODS, fan_chart
from tests.human_wm_env.person.colour_blindness import DEUTERANOPIA, PROTANOPIA, distance
from tests.human_wm_env.person.episodes import drawn, legend, title
from tests.world_model import tiny


def chart(draws: np.ndarray, futures: np.ndarray, seen: float = 0.5) -> Figure:
    rng = np.random.default_rng(0)
    logged = tiny.people().true_rows[4, 40:60]
    mask = rng.random(logged.shape) < seen
    return fan_chart(logged, mask, draws=draws, futures=futures, first_day=60, title="A person")


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
    assert title(figure) == "A person"
    names = ["logged", "90% of 500 draws", "50% of 500 draws", "3 single futures", "median"]
    assert legend(figure) == names
    steps, mood = figure.axes[0], figure.axes[3]
    drawn(figure)  # the labels of ticks are known only then
    ticks = [label.get_text() for label in steps.get_yticklabels()]
    assert any("," in tick for tick in ticks)
    assert all(axis.get_ylabel() == "" for axis in figure.axes)  # units stand in the titles
    assert mood.get_title(loc="left") == "Mood (share of 500 draws)"
    shares = [label.get_text() for label in mood.get_yticklabels()]
    assert shares == ["0%", "50%", "100%", "logged"]


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


def test_what_was_logged_later_is_drawn_hollow_on_its_days() -> None:
    rows = tiny.people().true_rows[4, 40:120]
    mask = np.zeros(rows.shape, dtype=bool)
    mask[[20, 21, 79]] = True  # days 60, 61 and 119; the chart ends on day 89
    figure = fan_chart(
        rows[:20],
        mask[:20],
        draws=imagined(8),
        futures=imagined(8),
        first_day=60,
        title="A person",
        later_rows=rows[20:],
        later_mask=mask[20:],
    )
    assert "logged later" in legend(figure)
    steps, mood = figure.axes[0], figure.axes[3]
    dots = np.asarray(steps.collections[-1].get_offsets())
    assert dots[:, 0].tolist() == [60, 61]
    np.testing.assert_allclose(dots[:, 1], rows[20:22, schema.STEPS])
    moods = np.concatenate([np.asarray(c.get_offsets()) for c in mood.collections])
    assert sorted(moods[:, 0]) == [60, 61]


def test_labels_of_ticks_are_not_rounded() -> None:
    rows = imagined(3)
    rows[..., schema.SLEEP] = np.linspace(4.4, 13.6, rows.shape[1])
    figure = chart(rows, rows)
    drawn(figure)
    for axis in figure.axes[:-1]:
        for place, label in zip(axis.get_yticks(), axis.get_yticklabels(), strict=True):
            assert float(label.get_text().replace(",", "").replace("\N{MINUS SIGN}", "-")) == place


@pytest.mark.parametrize("seen_as", [np.eye(3), DEUTERANOPIA, PROTANOPIA])
def test_colour_blind_readers_can_tell_moods_apart(seen_as: np.ndarray) -> None:
    for (_, one), (_, other) in combinations(MOODS, 2):
        assert distance(one, other, seen_as) >= 20.0


def test_the_distance_finds_red_and_green_alike() -> None:
    assert distance("#2f9e6e", "#d1495b", np.eye(3)) > 90.0
    assert distance("#2f9e6e", "#d1495b", DEUTERANOPIA) < 20.0


def test_a_single_future_does_not_set_the_limits_of_an_axis() -> None:
    futures = imagined(3)
    futures[0, 5, schema.STEPS] = 1e6
    shown = tiny.people().true_rows[4, 40:60, schema.STEPS]
    low, high = chart(imagined(100), futures, seen=1.0).axes[0].get_ylim()
    assert low < shown.min() and shown.max() < high < 1e5
