from __future__ import annotations

import numpy as np

from human_wm_env.person import rendering, schema
from tests.human_wm_env.person.episodes import played


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
