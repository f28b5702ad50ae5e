from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.person import schema
from human_wm_env.person.episode_picture import RANGES, EpisodePicture, render
from human_wm_env.person.rendering import SHOWN
from human_wm_env.worlds.simulator import SimulatorWorld
from tests.human_wm_env.person.episodes import legend, played
from tests.world_model import tiny


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
    picture = EpisodePicture()
    picture.show(days, rows, observed)
    heart_rate = picture.figure.axes[SHOWN.index(schema.HEART_RATE)]
    shown = np.concatenate([np.asarray(line.get_ydata()) for line in heart_rate.lines])
    assert np.nanmin(shown) >= 40.0 and np.isnan(shown).sum() == 2  # of the line and of the dots
    picture.pixels()


def test_episodes_say_what_is_drawn() -> None:
    days = np.arange(399, 404)
    rows = np.tile([8000, 2400, 6, 240, 7, 70, 0, 0, 0, 1], (5, 1)).astype(np.float32)
    observed = np.ones((5, 10), dtype=bool)
    picture = EpisodePicture()
    picture.show(days, rows, observed)
    assert picture.title.get_text() == "A log of your own, days 399 to 403"
    picture.show(days, rows, observed, "p007")
    assert picture.title.get_text() == "p007, days 399 to 403"
    assert legend(picture.figure) == ["logged", "lost by the tracker"]
    solid = [[line.get_linestyle() for line in axis.lines] for axis in picture.figure.axes]
    assert [styles.count("-") for styles in solid] == [1, 1, 1, 0]  # none between two moods


def days_of(seed: int, days: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = tiny.people().true_rows[seed, 30 : 30 + days]
    observed = np.random.default_rng(seed).random(rows.shape) < 0.7
    return 30 + np.arange(days), rows, observed


def test_frames_are_the_same_whatever_was_drawn_before() -> None:
    """Only what changed is drawn anew: nothing of other frames may be left."""
    used, first = EpisodePicture(), EpisodePicture()
    for seed in range(3):
        for days in (3, 8):
            used.show(*days_of(seed, days), "p001", last_day=45)
            used.pixels()
    for picture in (used, first):
        picture.show(*days_of(4, 5), "p004", last_day=60)
    np.testing.assert_array_equal(used.pixels(), first.pixels())


def test_what_lies_outside_the_usual_range_is_shown() -> None:
    days, rows, observed = days_of(0, 6)
    rows = rows.copy()
    rows[2, [schema.STEPS, schema.SLEEP, schema.HEART_RATE]] = 61_000, 0.4, 30
    picture = EpisodePicture()
    picture.show(days, rows, observed)
    axes = dict(zip(SHOWN, picture.figure.axes, strict=True))
    for index, ((low, high), _) in RANGES.items():
        shown = axes[index].get_ylim()
        assert shown[0] <= min(low, rows[2, index]) and shown[1] >= max(high, rows[2, index])
    picture.show(*days_of(0, 6))
    assert axes[schema.HEART_RATE].get_ylim() == RANGES[schema.HEART_RATE][0]


def test_the_episode_of_an_env_names_its_person() -> None:
    env = VectorEnv(
        SimulatorWorld(tiny.people(), split="all", horizon=10), 2, render_mode="rgb_array"
    )
    env.reset(seed=0, options={"user": ["p002", "p005"], "day": [60, 70]})
    env.step(np.zeros((2, 7)))
    frames = env.render()
    assert frames is not None and len(frames) == 2
    for slot, user in enumerate(("p002", "p005")):
        trail = env._trail[-2:]
        named = render(trail, "rgb_array", slot=slot, horizon=10, user=user)
        np.testing.assert_array_equal(frames[slot], named)
        other = render(trail, "rgb_array", slot=slot, horizon=10, user="p009")
        assert (np.asarray(other) != frames[slot]).any()


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_every_slot_shows_its_own_episode(mode: str) -> None:
    world = SimulatorWorld(tiny.people(), split="all", horizon=3)
    env = VectorEnv(world, 3, layout="people", render_mode="ansi", autoreset_mode=mode)
    env.reset(seed=0)
    env.step(np.zeros((3, 7)))
    env.reset(options={"reset_mask": np.array([False, True, False])})
    lengths = []
    for _ in range(5):
        env.step(np.zeros((3, 7)))
        texts = env.render()
        assert texts is not None
        lengths.append([str(text).count("\n") + 1 for text in texts])
        days = [str(text).split("\n")[-1].split(" | ")[0] for text in texts]
        assert days == [f"day {day - 1:4d}" for day in env.state.day]
    # The day before the start, and the days since: a fourth step begins anew, or a third one does.
    if mode == "NextStep":
        assert lengths == [[3, 2, 3], [4, 3, 4], [1, 4, 1], [2, 1, 2], [3, 2, 3]]
    else:
        assert lengths == [[3, 2, 3], [1, 3, 1], [2, 1, 2], [3, 2, 3], [1, 3, 1]]


def test_gymnasium_collects_frames() -> None:
    env = gym.make("HumanWMSim-v0", dataset=tiny.people(), horizon=3, render_mode="rgb_array_list")
    env.reset(seed=0)
    for _ in range(3):
        env.step(env.action_space.sample())
    frames = env.render()
    assert isinstance(frames, list) and len(frames) == 4
    assert {np.asarray(frame).shape for frame in frames} == {(726, 770, 3)}
