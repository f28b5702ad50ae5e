"""Tables and scalars of a card of few numbers, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world_model.card.cards import card, effect, forecasts, interval, traits
from world_model.card.ensemble_disagreement import Disagreement
from world_model.card.intervals import Interval
from world_model.card.known_effects import KnownEffects
from world_model.card.natural_experiments import NaturalExperiment, NotTested
from world_model.card.posterior_collapse import BlockCollapse
from world_model.card.results import Card, Forecasts, Interventions
from world_model.card.reward_bias import RewardBias
from world_model.card.spread import Spread
from world_model.card.tables import (
    CRPS,
    DISAGREEMENT,
    EFFECTS,
    FORECASTS,
    LATENTS,
    MOOD,
    NATURAL,
    NOTES,
    REQUIREMENTS,
    SPREAD,
    TRAITS_TABLE,
    card_scalars,
    card_tables,
)


def judged(energy: float, **crps: float | None) -> Forecasts:
    plain = forecasts()
    return Forecasts(
        plain.by_horizon, {"steps": plain.by_horizon["1"]}, {"1": crps}, {"1": energy}, {"1": 2.0}
    )


def whole(**parts: Any) -> Card:
    plain = {
        "latents": {name: BlockCollapse(4, 3, 1.234, 0.987, 2.5) for name in "abc"},
        "traits": traits(True),
        "forecasts": {
            "dream": judged(1.5, steps=0.25, mood=0.11116),
            "habit": judged(1.8, steps=None, mood=0.2),
        },
        "comparison": {"habit": {"1": Interval(0.9, 0.8, 1.0)}},
        "spread": [
            Spread("steps", 7, {"z_a": 0.5, "z_b": 0.25, "z_c": 0.2, "noise": 0.05}, 1.23456, None)
        ],
        "mood": [RewardBias(7, 0.54321, 0.5, Interval(0.04321, 0.01, 0.08))],
        "disagreement": Disagreement(9, 0.12345, 0.5, interval(4.05)),
        "interventions": Interventions(
            "evening",
            KnownEffects([effect("run 30 min", true_mean=1.23456)], 0.4, 9, 30),
            [
                NaturalExperiment("mood", 9, 80, Interval(0.5, 0.25, 0.75), (-0.333, 0.4), 0.2),
                NotTested("heart_rate_avg", 3),
            ],
        ),
    }
    return card(**{**plain, **parts})


TABLES = card_tables(whole())


def test_every_table_has_a_note_and_none_without_its_measurement() -> None:
    assert list(TABLES) == [
        *(LATENTS, TRAITS_TABLE, FORECASTS, CRPS, SPREAD, MOOD, DISAGREEMENT),
        *(EFFECTS, NATURAL, REQUIREMENTS),
    ]
    assert TABLES.keys() == NOTES.keys()
    bare = {"traits": None, "mood": None, "disagreement": None, "interventions": None}
    assert list(card_tables(whole(**bare))) == [LATENTS, FORECASTS, CRPS, SPREAD, REQUIREMENTS]
    unknown = whole(interventions=Interventions(None, None, []))
    assert EFFECTS not in card_tables(unknown) and card_tables(unknown)[NATURAL] == []


def test_latents_and_traits() -> None:
    assert TABLES[LATENTS][1] == {
        "block": "z_b",
        "active units": "3 of 4",
        "KL": 1.23,
        "information, at least": "0.99 (of 2.50)",
        "swapped: actions lose a day": "1.000 [0.200, 0.200]",
        "states lose a day": "1.000 [0.300, 0.300]",
    }
    assert TABLES[TRAITS_TABLE][0] == {
        "trait": "rest",
        "block": "a",
        "oracle": 1.0,
        "refined": 0.7,
        "refined, elsewhere": "0.20 (z_c)",
        "encoder": 0.5,
        "encoder, elsewhere": "0.10 (z_b)",
    }
    alone = card_tables(whole(traits=traits(False)))[TRAITS_TABLE][1]
    assert "refined" not in alone and alone["encoder, elsewhere"] == "0.30 (z_a)"


def test_forecasts_and_scores_by_feature() -> None:
    dream, habit = TABLES[FORECASTS]
    assert dream == {
        "forecast": "dream",
        "day": 1,
        "50%": "0.50 (one person)",
        "80%": "0.80 (one person)",
        "95%": "0.95 (one person)",
        "mean CRPS": 0.1806,
        "energy": 1.5,
        "variogram": 2.0,
        "dream's energy over it": None,
    }
    assert (habit["mean CRPS"], habit["dream's energy over it"]) == (0.2, "0.900 [0.800, 1.000]")
    steps, mood = TABLES[CRPS]
    assert steps == {
        "feature": "steps",
        "dream, 80%": "0.80 (one person)",
        "dream": 0.25,
        "habit": None,
    }
    assert mood == {"feature": "mood", "dream, 80%": None, "dream": 0.1112, "habit": 0.2}


def test_spread_mood_and_disagreement() -> None:
    assert TABLES[SPREAD] == [
        {
            "feature": "steps",
            "day": 7,
            **{"z_a": "50.0%", "z_b": "25.0%", "z_c": "20.0%", "noise": "5.0%"},
            "dream": 1.235,
            "given latents": None,
        }
    ]
    assert TABLES[MOOD] == [
        {
            "day": 7,
            "dream": 0.5432,
            "simulator": 0.5,
            "dream over simulator": "0.0432 [0.0100, 0.0800]",
        }
    ]
    assert TABLES[DISAGREEMENT] == [
        {
            "days": 9,
            "logged actions": 0.1235,
            "away from the log": 0.5,
            "ratio": "4.05 (one person)",
        }
    ]


def test_effects_and_unusual_days() -> None:
    (row,) = TABLES[EFFECTS]
    assert "r of the reference" not in row
    assert (row["policy"], row["true mean"], row["ratio day 10"]) == ("run 30 min", 1.235, 1.1)
    assert TABLES[NATURAL] == [
        {
            "state": "mood",
            "measured": "evening",
            "days": 80,
            "people": 9,
            "slope": "0.50 [0.25, 0.75]",
            "by chance": "[-0.33, 0.40]",
        },
        {
            "state": "heart_rate_avg",
            "measured": "evening",
            "days": 3,
            "people": None,
            "slope": "too few days, not tested",
            "by chance": None,
        },
    ]


def test_requirements() -> None:
    rows = {row["requirement"]: row for row in TABLES[REQUIREMENTS]}
    assert rows["energy over a baseline's"] == {
        "requirement": "energy over a baseline's",
        "measured": 0.9,
        "bound": "<= 1",
        "met": True,
        "worst": "habit, day 1",
    }
    share = rows["choosing each person's policy: share of an oracle's gain"]
    assert (share["bound"], share["met"], share["worst"]) == (">= 0.5", False, "")


def test_scalars() -> None:
    found = card_scalars(whole(comparison={"same, of others": {"1": interval(0.9)}}))
    assert found["card/active_units_a"] == 3.0 and found["card/kl_nats_b"] == 1.234
    assert found["card/mutual_information_nats_c"] == 0.987
    assert found["card/swap_a_action_nats"] == found["card/swap_b_state_nats"] == 1.0
    assert (found["card/r2_refined/rest"], found["card/r2_encoder/rest"]) == (0.7, 0.5)
    assert found["card/coverage_80%/day_1"] == 0.8
    assert found["card/energy_over_same_ofothers/1"] == 0.9
    assert found["card/mood_gap/day_7"] == pytest.approx(0.04321)
    assert found["card/disagreement_away_over_logged"] == 4.05
    assert found["card/effect_r/run_30_min/mood"] == 1.0
    bare = card_scalars(whole(traits=None, mood=None, disagreement=None, interventions=None))
    kept = ("card/r2", "card/mood", "card/disagreement", "card/effect")
    assert not any(name.startswith(kept) for name in bare)
