"""The card of a run, of figures that may be missing."""

from __future__ import annotations

from typing import Any

from human_wm_cli.vmc.card import card, controller_rows

ONE = {"mean": 1.25, "low": None, "high": None}  # of a single held-out episode


def world(mean: float) -> dict[str, Any]:
    return {"return": {"mean": mean, "low": mean - 1.0, "high": mean + 1.0}, "length": 9.0}


def result(**changed: Any) -> dict[str, Any]:
    judged = {
        "best": "ppo",
        "compared": 2,
        "controllers": {
            "random": {"dream": world(0.0), "real": world(1.0)},
            "ppo": {"dream": world(40.0), "real": world(20.0)},
        },
        "rank_correlation": {"mean": 0.91, "low": 0.8, "high": 0.95},
        "inflation": {"ppo": None},
        "exploits": {"ppo": {"is_exploit": True}},
        "episode_length": {"random": {"ratio": {"mean": 1.1}}},
        "told": {"random": {}, "ppo": {"reward_survive": 5.0, "x_velocity": 0.2512}},
    }
    return {
        "env": {"env_id": "CartPole-v1", "kwargs": {}},
        "steps": 500,
        "rounds": 1,
        "episodes": 20,
        "v": {"variance_explained": 0.98, "pca": 0.9, "active_units": 3, "kl_nats": 5.0},
        "m": {
            "one_step": {
                "log_likelihood": 2.0,
                "over_linear_gaussian": ONE,
                "over_no_change": ONE,
            },
            "ten_steps": None,
            "outcomes": {"reward_r2": None, "ends_foretold": 1.0, "ends_seen": 1},
        },
        "verdict": judged,
        "full": None,
        **changed,
    }


def test_one_episode_has_no_interval_and_constant_rewards_no_r2() -> None:
    text = card(result())
    assert "over linear-Gaussian 1.25, over no change 1.25" in text
    assert "reward R2 -; ends foretold 1.0 of 1" in text
    assert "rank correlation 0.91 [0.8, 0.95]" in text
    assert "inflation of ppo: not sure to differ from 0" in text
    assert "each real step under ppo: reward_survive 5, x_velocity 0.251\n" in text
    assert "each real step under random" not in text
    assert "exploits: ppo" in text and "ten steps" not in text


def test_the_best_in_reality_comes_first() -> None:
    rows = controller_rows(result()["verdict"])
    assert [row["controller"] for row in rows] == ["ppo", "random"]
    assert rows[0]["real, 95%"] == "[19, 21]"


def test_what_a_full_verdict_adds() -> None:
    one = {"dream": world(3.0), "real": world(2.0)}
    extra = {
        "temperatures": [{"temperature": 0.5, **one}],
        "exploit_search": {"temperature": 0.25, **one},
        "untrained_m": one,
    }
    text = card(result(full=extra))
    assert "CMA-ES at temperature 0.5" in text and "untrained M" in text
