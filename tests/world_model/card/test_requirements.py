"""Requirements, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world_model.card.cards import card, effect, forecasts, interval, traits
from world_model.card.ensemble_disagreement import Disagreement
from world_model.card.intervals import Interval
from world_model.card.known_effects import KnownEffects
from world_model.card.latent_swap import Swap
from world_model.card.natural_experiments import NaturalExperiment, NotTested
from world_model.card.requirements import Check, _intervention_checks, checks
from world_model.card.results import Interventions
from world_model.card.reward_bias import RewardBias
from world_model.card.spread import Spread


def experiment(slope: float) -> NaturalExperiment:
    return NaturalExperiment("mood", 9, 80, Interval(slope, None, None), (-0.3, 0.4), 0.2)


@pytest.mark.parametrize(("slope", "met"), [(0.5, True), (0.4, True), (0.3, False), (-0.9, False)])
def test_an_effect_has_to_be_more_than_chance_gives(slope: float, met: bool) -> None:
    natural = [NotTested("heart_rate_avg", 3), experiment(slope)]
    (check,) = _intervention_checks(Interventions("morning", None, natural))
    assert check.what.startswith("effects on mood")
    assert check.value == pytest.approx(slope - 0.4) and check.met is met


def test_a_bound_may_be_reached() -> None:
    assert Check("most", 1.0, 1.0, True).met and not Check("most", 1.1, 1.0, True).met
    assert Check("least", 1.0, 1.0, False).met and not Check("least", 0.9, 1.0, False).met


def named(start: str, **parts: Any) -> Check:
    (found,) = [each for each in checks(card(**parts)) if each.what.startswith(start)]
    return found


def test_a_card_without_truth_has_what_it_measured() -> None:
    found = checks(card())
    assert [each.what.split(":")[0] for each in found] == [
        "z_b swapped",
        "z_c swapped",
        "coverage",
        "energy over a baseline's",
    ]
    assert [each.value for each in found[:2]] == [0.2, 0.3]
    assert all(each.bound == 0.0 and not each.is_most for each in found[:2])
    alone = {name: Swap(interval(1.0), interval(1.0)) for name in "abc"}
    assert len(checks(card(swap=alone))) == 2  # one person has no interval


def test_the_worst_coverage_and_energy() -> None:
    off = named("coverage", forecasts={"dream": forecasts(of_80=0.73)})
    assert (off.value, off.bound, off.where) == (pytest.approx(0.07), 0.03, "80%, day 1")
    others = {"habit": {"1": interval(0.9), "7": interval(1.1)}, "ewm": {"1": interval(0.8)}}
    baseline = named("energy over a baseline's", comparison=others)
    assert (baseline.value, baseline.bound, baseline.where) == (1.1, 1.0, "habit, day 7")
    beside = {**others, "simulator": {"1": interval(2.0), "7": interval(1.04), "30": interval(3.0)}}
    simulator = named("energy over the simulator's", comparison=beside)
    assert (simulator.what[-5:], simulator.value, simulator.bound) == ("day 7", 1.04, 1.05)
    late = {**others, "simulator": {"3": interval(1.0), "30": interval(3.0)}}
    assert named("energy over the simulator's", comparison=late).value == 3.0


def test_spread_mood_and_disagreement() -> None:
    ratios = (("steps", 0.8), ("mood", None), ("sleep_hours", 1.1))
    spread = [Spread(feature, 7, {}, None, ratio) for feature, ratio in ratios]
    found = named("spread given the person", spread=spread)
    assert (found.value, found.bound, found.where) == (pytest.approx(0.2), 0.15, "steps, day 7")
    mood = [RewardBias(day, 0.5, 0.5, interval(gap)) for day, gap in ((1, 0.01), (7, -0.05))]
    bias = named("mood reward", mood=mood)
    assert (bias.value, bias.bound, bias.where) == (0.05, 0.02, "day 7")
    away = named("disagreement", disagreement=Disagreement(9, 1.0, 2.0, interval(2.0, 1.5)))
    assert (away.value, away.bound, away.met) == (1.5, 1, True)


def test_traits_of_the_best_posterior() -> None:
    plain = checks(card(traits=traits(False)))[:2]
    assert [each.what for each in plain] == [
        "lowest R2 of a trait over the oracle's (encoder)",
        "highest R2 from another block (encoder)",
    ]
    lowest, crossed = plain
    assert (lowest.value, lowest.bound, lowest.where) == (pytest.approx(1 / 3), 0.8, "lift")
    assert (crossed.value, crossed.bound, crossed.where) == (0.3, 0.25, "lift from z_a")
    lowest, crossed, behind = checks(card(traits=traits(True)))[:3]
    assert (lowest.value, lowest.where, lowest.is_most) == (pytest.approx(0.7), "rest", False)
    assert (crossed.value, crossed.where) == (0.2, "rest from z_c")
    # The responses of block c are not asked of the encoder: 0.7 - 0.5
    assert (behind.value, behind.bound, behind.where) == (pytest.approx(0.2), 0.15, "rest")


def test_known_effects() -> None:
    scores = [
        effect("run", ratio=(None, 0.7, 1.2)),
        effect("walk", relative_rmse=1.2, coverage=(0.5, 0.62, 0.95)),
        effect("alike", true_sd=0.0, relative_rmse=9.0),  # no individual effect
        effect("even", relative_rmse=None),
    ]
    known = KnownEffects(scores=scores, share_of_best_choice=0.4, people=9, days=30)
    ratio, rmse, covered, share = _intervention_checks(Interventions("evening", known, []))
    assert (ratio.value, ratio.bound) == (pytest.approx(0.3), 0.15)
    assert ratio.where.startswith("run, mood, day ")
    assert (rmse.value, rmse.bound, rmse.where) == (1.2, 1.0, "walk, mood")
    assert (covered.value, covered.bound, covered.where) == (pytest.approx(0.18), 0.1, "walk, mood")
    assert (share.value, share.bound, share.met) == (0.4, 0.5, False)
    silent = KnownEffects(scores=scores, share_of_best_choice=None, people=9, days=30)
    assert len(_intervention_checks(Interventions("evening", silent, []))) == 3
