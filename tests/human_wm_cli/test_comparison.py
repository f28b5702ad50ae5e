from __future__ import annotations

import copy
from typing import Any

import pytest

from human_wm_cli.comparison import markdown, readable, summary
from human_wm_env.people.traits import TRAITS

LATENTS = {"active_units": 3, "kl_nats": 1.25}
RIGHT = {"50%": {"mean": 0.5}, "80%": {"mean": 0.8}, "95%": {"mean": 0.95}}
WORST = TRAITS[-1].name


def read(own: float) -> dict[str, Any]:
    return {trait.name: {"own": own, "cross": 0.05} for trait in TRAITS}


def card() -> dict[str, Any]:
    found: dict[str, Any] = {
        "latents": {block: dict(LATENTS) for block in "abc"},
        "traits": {
            "oracle": {trait.name: 0.9 for trait in TRAITS},
            "encoder": read(0.72),
            "refined": read(0.81),
        },
        "forecasts": {"dream": {"by_horizon": {h: {"coverage": dict(RIGHT)} for h in ("1", "7")}}},
        "comparison": {"simulator": {"1": {"mean": 1.0}, "7": {"mean": 1.02}}},
        "spread": [
            {"feature": f, "horizon": h, "dream_to_truth": d, "noise_to_truth": n}
            for f, h, d, n in [("steps", 7, 1.0, 0.8), ("mood", 7, 0.5, 0.4), ("mood", 1, 9.0, 9.0)]
        ],
    }
    found["latents"]["c"]["active_units"] = 0
    found["traits"]["refined"][WORST] = {"own": 0.45, "cross": 0.3}
    found["forecasts"]["dream"]["by_horizon"]["1"]["coverage"]["80%"] = {"mean": 0.7}
    return found


def test_a_card_is_summed_up_by_hand() -> None:
    row = summary(card())
    assert (row["active_units_a"], row["active_units_c"], row["kl_nats_b"]) == (3, 0, 1.25)
    assert row["worst_trait_refined"] == pytest.approx(0.5)
    assert row["worst_trait_encoder"] == pytest.approx(0.8)
    assert (row["worst_cross_refined"], row["worst_cross_encoder"]) == (0.3, 0.05)
    assert row["coverage_gap"] == pytest.approx(0.1)
    assert (row["horizon"], row["energy_ratio"]) == (7, 1.02)
    assert row["spread_ratio"] == pytest.approx(0.75)
    assert row["spread_given_latents_ratio"] == pytest.approx(0.6)
    shown = readable({"experiment": "one", **row, "seconds": 61.4})
    assert shown["active units"] == "3 / 3 / 0" and shown["KL"] == "1.2 / 1.2 / 1.2"
    assert (shown["worst R2"], shown["energy, day 7"], shown["seconds"]) == (0.5, 1.02, 61)


def test_logs_without_a_truth_and_cards_without_refinement_leave_gaps() -> None:
    unknown = card() | {"traits": None, "comparison": {"persistence": {}}}
    unknown["spread"] = [{**each, "dream_to_truth": None} for each in unknown["spread"]]
    row = summary(unknown)
    for name in ("worst_trait_refined", "worst_cross_encoder", "energy_ratio", "spread_ratio"):
        assert row[name] is None, name
    quick = copy.deepcopy(card())
    del quick["traits"]["refined"]
    assert summary(quick)["worst_trait_refined"] is None
    assert summary(quick)["worst_trait_encoder"] == pytest.approx(0.8)
    assert readable({"experiment": "one", **row, "seconds": None})["spread"] is None


def test_without_the_seventh_day_the_last_one_is_compared() -> None:
    short = card()
    del short["forecasts"]["dream"]["by_horizon"]["7"]
    assert summary(short)["horizon"] == 1 and summary(short)["energy_ratio"] == 1.0


def test_markdown_by_hand() -> None:
    assert markdown([{"a": 1, "b": None}, {"a": "x", "b": 0.5}]) == (
        "| a | b |\n| --- | --- |\n| 1 | - |\n| x | 0.5 |"
    )
