"""What a trustworthy world model has to reach, and what this one reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from world_model.card.calibration import LEVELS
from world_model.card.intervals import Interval
from world_model.card.interventions import DAYS
from world_model.card.interventions import LEVELS as LEVELS_OF_EFFECTS
from world_model.card.natural_experiments import NaturalExperiment
from world_model.card.results import Card, Interventions, Traits


@dataclass(frozen=True)
class Check:
    """One requirement.

    Attributes:
        what: the requirement, in words.
        value: what was measured.
        bound: what it is compared with; is_most: the value may be at most that.
        where: which trait, feature or horizon was the worst.
    """

    what: str
    value: float
    bound: float
    is_most: bool
    where: str = ""

    @property
    def met(self) -> bool:
        """Whether the requirement is met."""
        return self.value <= self.bound if self.is_most else self.value >= self.bound


def checks(card: Card) -> list[Check]:
    """Compare a card with the requirements that it has the measurements for."""
    found = []
    if card.traits is not None:
        found += _trait_checks(card.traits)
    found += [
        *_least("z_b swapped: nats per day lost by actions, low end", card.swap["b"].action),
        *_least("z_c swapped: nats per day lost by states, low end", card.swap["c"].state),
    ]
    found += _forecast_checks(card)
    ratios = {
        f"{each.feature}, day {each.horizon}": abs(each.noise_to_truth - 1.0)
        for each in card.spread
        if each.noise_to_truth is not None
    }
    if ratios:
        found.append(worst("spread given the person: distance from the truth's", ratios, 0.15))
    gaps = {f"day {each.horizon}": abs(each.gap.mean) for each in card.mood or ()}
    if gaps:
        found.append(worst("mood reward of the dream: distance from the simulator's", gaps, 0.02))
    if card.disagreement:
        found += _least(
            "disagreement away from the log over on it, low end", card.disagreement.ratio, 1
        )
    if card.interventions is not None:
        found += _intervention_checks(card.interventions)
    return found


def _intervention_checks(interventions: Interventions) -> list[Check]:
    found = []
    if interventions.known is not None:
        scores = interventions.known.scores
        places = {id(each): f"{each.policy}, {each.state}" for each in scores}
        ratios = {
            f"{places[id(each)]}, day {day}": abs(ratio - 1.0)
            for each in scores
            for day, ratio in zip(DAYS, each.ratio, strict=True)
            if ratio is not None
        }
        individual = [each for each in scores if each.is_individual]
        found.append(worst("mean effect of a policy: distance of its ratio from 1", ratios, 0.15))
        found.append(
            worst(
                "individual effect: rmse over giving every person the true mean",
                {
                    places[id(each)]: each.relative_rmse
                    for each in individual
                    if each.relative_rmse is not None
                },
                1.0,
            )
        )
        middle = LEVELS_OF_EFFECTS.index(0.8)
        covered = {places[id(each)]: abs(each.coverage[middle] - 0.8) for each in scores}
        found.append(worst("80% interval of an effect: distance from nominal", covered, 0.1))
        share = interventions.known.share_of_best_choice
        if share is not None:
            what = "choosing each person's policy: share of an oracle's gain"
            found.append(Check(what, share, 0.5, False))
    found += [
        Check(
            f"effects on {each.state} on unusual days: slope less the most that chance gives",
            each.slope.mean - each.null[1],
            0.0,
            False,
        )
        for each in interventions.natural
        if isinstance(each, NaturalExperiment)
    ]
    return found


def _trait_checks(traits: Traits) -> list[Check]:
    best, name_of_best = (
        (traits.encoder, "encoder") if traits.refined is None else (traits.refined, "refined")
    )
    shares = {name: each.own / traits.oracle[name] for name, each in best.items()}
    lowest = min(shares, key=lambda name: shares[name])
    what = f"lowest R2 of a trait over the oracle's ({name_of_best})"
    crossed = {f"{name} from z_{each.cross_block}": each.cross for name, each in best.items()}
    found = [
        Check(what, shares[lowest], 0.8, False, lowest),
        worst(f"highest R2 from another block ({name_of_best})", crossed, 0.25),
    ]
    if traits.refined is not None:
        gaps = {
            name: each.own - traits.encoder[name].own
            for name, each in best.items()
            if each.block != "c"
        }
        found.append(worst("encoder behind refined, R2 of a- and b-traits", gaps, 0.15))
    return found


def _forecast_checks(card: Card) -> list[Check]:
    off = coverage_gaps(
        {f"day {day}": each.coverage for day, each in card.forecasts["dream"].by_horizon.items()}
    )
    found = [worst("coverage: distance from nominal", off, 0.03)]
    others = dict(card.comparison)
    simulator = others.pop("simulator", None)
    if simulator is not None:
        week = "7" if "7" in simulator else max(simulator, key=int)
        found.append(
            Check(f"energy over the simulator's, day {week}", simulator[week].mean, 1.05, True)
        )
    ratios = {
        f"{name}, day {horizon}": ratio.mean
        for name, by_horizon in others.items()
        for horizon, ratio in by_horizon.items()
    }
    found.append(worst("energy over a baseline's", ratios, 1.0))
    return found


def coverage_gaps(by_horizon: Mapping[str, Mapping[str, Interval]]) -> dict[str, float]:
    """Return how far the coverage of each level is from nominal, by level and horizon."""
    return {
        f"{name}, {horizon}": abs(coverage[name].mean - level)
        for horizon, coverage in by_horizon.items()
        for name, level in LEVELS.items()
    }


def worst(what: str, values: Mapping[str, float], bound: float) -> Check:
    """Return the requirement that none of the values exceeds a bound."""
    where = max(values, key=lambda name: values[name])
    return Check(what, values[where], bound, True, where)


def _least(what: str, interval: Interval, bound: float = 0.0) -> list[Check]:
    """Return the requirement on the low end; none of one person, who has no interval."""
    return [] if interval.low is None else [Check(what, interval.low, bound, False)]
