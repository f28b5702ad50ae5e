from __future__ import annotations

import dataclasses
import json
from functools import cache
from typing import Any

import pytest

from human_wm_cli.model_card import as_text
from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.people.traits import TRAIT_NAMES
from human_wm_env.person import schema
from human_wm_env.second_family.effects import POLICIES
from tests.human_wm_env.response import responses
from tests.world_model import tiny
from world_model.card.calibration import LEVELS
from world_model.card.card import make_card
from world_model.card.config import CardConfig
from world_model.card.intervals import Interval
from world_model.card.known_effects import HABIT
from world_model.card.requirements import checks
from world_model.card.results import Card
from world_model.card.tables import EFFECTS, NATURAL, card_scalars, card_tables

SMALL = CardConfig(
    people=4,
    starts_per_person=2,
    draws=20,
    horizons=[1, 7],
    fit_people=8,
    refine_steps=2,
    refine_window_days=16,
    swap_days=20,
    diversity_starts=3,
    diversity_draws=10,
)
NAMES = ["dream", "simulator", "mean, lag 1, weekday", "climatology", "persistence"]


@cache
def card() -> Card:
    return make_card(tiny.runtime(), dealt(), SMALL, truth=tiny.people())


@cache
def of_a_response() -> Card:
    return make_card(responses.runtime(), dealt(), SMALL, truth=tiny.people())


def test_a_response_is_asked_about_interventions() -> None:
    found = of_a_response()
    assert found.interventions is not None
    known, natural = found.interventions.known, found.interventions.natural
    assert known is not None
    assert known.people == 4
    assert {score.policy for score in known.scores} == {*POLICIES, HABIT}
    assert [each.state for each in natural] == ["heart_rate_avg", "mood"]
    tables = card_tables(found)
    assert len(tables[EFFECTS]) == 2 * len({*POLICIES, HABIT})
    assert tables[NATURAL][0]["slope"] == "too few days, not tested"
    asked = {check.what for check in checks(found)}
    assert "mean effect of a policy: distance of its ratio from 1" in asked
    assert any(name.startswith("card/effect_r/") for name in card_scalars(found))
    assert "not tested" in as_text(found)
    assert json.loads(json.dumps(dataclasses.asdict(found), allow_nan=False))


def test_exact_posteriors_are_not_refined() -> None:
    traits = of_a_response().traits
    assert traits.refined is not None
    for name, trait in traits.encoder.items():
        if trait.block != "b":
            assert traits.refined[name].own == trait.own


def test_without_truth_only_the_log_is_asked() -> None:
    found = make_card(responses.runtime(), dealt(), SMALL)
    assert found.interventions is not None
    assert found.interventions.known is None
    assert EFFECTS not in card_tables(found)
    assert NATURAL in card_tables(found)


@cache
def dealt() -> LogDataset:
    """The tiny logs with more people to judge on: R2 of one person is nothing."""
    split_of = ("train",) * 7 + ("validation",) + ("test",) * 4
    return dataclasses.replace(tiny.logs(), split_of=split_of)


def test_all_parts_are_there_and_json_able() -> None:
    found = card()
    plain = dataclasses.asdict(found)
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert found.about.people == {"train": 7, "validation": 1, "test": 4}
    assert (found.about.judged_people, found.about.starts) == (4, 8)
    assert list(found.forecasts) == NAMES
    assert list(found.comparison) == NAMES[1:]
    assert set(found.traits.refined) == set(found.traits.oracle) == set(TRAIT_NAMES)
    assert len(found.spread) == 9 * 2
    for block in ("a", "b", "c"):
        assert found.latents[block].active_units > 0
    assert found.swap["b"].state.mean == 0.0


def test_features_that_nobody_logged_are_named() -> None:
    assert card().about.never_logged == ""
    blind = dealt().observed.copy()
    blind[..., schema.WEATHER] = False
    blind[8, :, schema.MOOD] = False
    lacking = tiny.with_rows(dealt(), dealt().rows, blind)
    found = make_card(tiny.runtime(), lacking, dataclasses.replace(SMALL, refine_steps=0))
    assert found.about.never_logged == (
        "nobody ever logged weather_conditions; "
        f"1 of 4 people ({lacking.user_ids[8]}) never logged mood"
    )
    text = as_text(found)
    assert "In these logs nobody ever logged weather_conditions; 1 of 4 people" in text
    assert "In these logs" not in as_text(card())


def test_the_tables_and_scalars() -> None:
    tables = card_tables(card())
    assert [len(rows) for rows in tables.values()] == [3, 12, 5 * 2, 9, 18, 2, 1, 11]
    scalars = card_scalars(card())
    assert all(isinstance(value, float) for value in scalars.values())
    assert {"card/active_units_c", "card/coverage_80%/day_7"} <= set(scalars)
    assert {"card/mood_gap/day_7", "card/disagreement_away_over_logged"} <= set(scalars)


def test_the_same_seed_gives_the_same_card() -> None:
    first = card()
    card.cache_clear()
    assert card() == first


def test_without_the_truth() -> None:
    found = make_card(tiny.runtime(), dealt(), SMALL)
    assert found.traits is None and "simulator" not in found.forecasts
    tables = card_tables(found)
    assert found.mood is None
    assert len(tables) == 6 and len(tables["Requirements"]) == 5
    assert card_scalars(found)


def test_requirements_are_checked() -> None:
    found, replace = card(), dataclasses.replace
    day = dict(found.forecasts["dream"].by_horizon)
    nominal = {level: Interval(share, 0.0, 1.0) for level, share in LEVELS.items()}
    day["1"] = replace(day["1"], coverage=nominal)
    day["7"] = replace(day["7"], coverage=nominal | {"80%": Interval(0.84, 0.0, 1.0)})
    week = found.comparison["simulator"] | {"7": Interval(1.04, 0.0, 2.0)}
    gaps = (Interval(-0.01, -1.0, 1.0), Interval(-0.03, -1.0, 1.0))
    found = replace(
        found,
        traits=replace(
            found.traits,
            oracle=dict.fromkeys(TRAIT_NAMES, 1.0),
            refined={
                name: replace(each, own=0.9, cross=0.1)
                for name, each in found.traits.refined.items()
            },
            encoder={name: replace(each, own=0.7) for name, each in found.traits.encoder.items()},
        ),
        comparison=found.comparison | {"simulator": week},
        forecasts=found.forecasts | {"dream": replace(found.forecasts["dream"], by_horizon=day)},
        spread=[replace(each, noise_to_truth=0.86) for each in found.spread],
        mood=[replace(each, gap=gap) for each, gap in zip(found.mood, gaps, strict=True)],
        disagreement=replace(found.disagreement, ratio=Interval(1.5, 1.2, 2.0)),
    )
    by_name = {check.what: check for check in checks(found)}
    values = {what: (round(check.value, 2), check.met) for what, check in by_name.items()}
    assert values["lowest R2 of a trait over the oracle's (refined)"] == (0.9, True)
    assert values["highest R2 from another block (refined)"] == (0.1, True)
    assert values["encoder behind refined, R2 of a- and b-traits"] == (0.2, False)
    assert values["energy over the simulator's, day 7"] == (1.04, True)
    assert values["coverage: distance from nominal"] == (0.04, False)
    assert by_name["coverage: distance from nominal"].where == "80%, day 7"
    assert values["spread given the person: distance from the truth's"] == (0.14, True)
    assert values["mood reward of the dream: distance from the simulator's"] == (0.03, False)
    assert values["disagreement away from the log over on it, low end"] == (1.2, True)


@pytest.mark.parametrize(
    "wrong", [{"horizons": []}, {"horizons": [0]}, {"draws": 1}, {"swap_days": 0}]
)
def test_settings_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        CardConfig(**wrong)


def test_too_few_people() -> None:
    with pytest.raises(DataError, match="two or more people"):
        make_card(tiny.runtime(), tiny.logs(), SMALL)
    everyone = dataclasses.replace(SMALL, split="all")
    with pytest.raises(DataError, match="who are not judged"):
        make_card(tiny.runtime(), dealt(), everyone, truth=tiny.people())
