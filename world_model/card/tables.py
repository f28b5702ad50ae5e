"""The card as rows for tables, and as scalars for curves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple

from world_model.card.calibration import LEVELS
from world_model.card.intervals import Interval
from world_model.card.interventions import EffectScore
from world_model.card.natural_experiments import NaturalExperiment, NotTested
from world_model.card.requirements import Check, checks
from world_model.card.results import Card, Traits
from world_model.card.spread import SOURCES
from world_model.card.trait_recovery import TraitFound

Row = dict[str, str | float | None]

LATENTS = "Latents, nats"
TRAITS_TABLE = "True traits, R2 on held-out people"
FORECASTS = "Forecasts: coverage with 95% intervals, scores"
CRPS = "CRPS by feature, in scales, mean over the days"
SPREAD = "Spread of the dream: shares, and SD over the simulator's"
MOOD = "Mood reward of habit futures, dream and simulator"
DISAGREEMENT = "Disagreement of the ensemble"
EFFECTS = "Effects of constant days over a day of rest, estimated beside true"
NATURAL = "Unusual days of the logs: observed change over the predicted one"
REQUIREMENTS = "Requirements"

#: how each table was measured
NOTES = {
    LATENTS: "By one pass of the encoder over whole logs. Active: the posterior means vary "
    "between people by more than 0.01. Information between person and latent: at least the "
    "estimate by the mixture of all people's posteriors, which cannot exceed the logarithm of "
    "their number, at most the KL. Swapped: what the last days of a log lose when the block, "
    "inferred from the days before, is another person's.",
    TRAITS_TABLE: "Ridge regression from a block's posterior means, fitted on training people. "
    "Elsewhere: the best of the other two blocks. The oracle knows the equations.",
    FORECASTS: "Independent draws by one pass of the encoder over the log before the start, "
    "against observed cells. Coverage by randomised PIT, so that categories and point masses "
    "count too; the weather is not scored. Energy and variogram on all observed features of "
    "the day. Smaller scores are better.",
    CRPS: "For categories half the Brier score.",
    SPREAD: "Share of the variance that z_a explains, that z_b and z_c add, and the rest, by "
    "futures that share blocks; small negative shares are sampling error. Given latents: "
    "without what is not known about the person.",
    MOOD: "Mean of the reward's mood component over complete days, which scores on observed "
    "cells cannot tell: a gap above 0 overstates the reward.",
    DISAGREEMENT: "On logged days whose actions were all observed, and on the same days with the "
    "action replaced by corners of the action box that lie away from everything logged.",
    EFFECTS: "Heart rate in bpm, mood as its reward, averages over the days of the policy, by the "
    "posterior that the environment plays, from the log before. Ratio: of mean effects that day; "
    "left out where the mean is below a quarter of its spread. rmse / sd: 1 is what giving every "
    "person the true mean reaches.",
    NATURAL: "Held-out days with the largest predicted changes, a quarter of each person's, by the "
    "posterior of the days before. 1: as predicted; 0: nothing of it is there. By chance: 95% of "
    "slopes if predictions are moved by whole weeks. People choose their days: 1 is no proof of a "
    "cause, and effects of days nobody lived were not tested. A state measured in the evening may "
    "contain the day's own exertion.",
    REQUIREMENTS: "What a model that can be trusted has to reach.",
}


def card_tables(card: Card) -> dict[str, list[Row]]:
    """Lay a card out for printing, title by title."""
    tables = {LATENTS: _latents(card)}
    if card.traits is not None:
        tables[TRAITS_TABLE] = _traits(card.traits)
    tables[FORECASTS] = _forecasts(card)
    tables[CRPS] = _crps(card)
    tables[SPREAD] = _spread(card)
    if card.mood:
        tables[MOOD] = [
            {
                "day": each.horizon,
                "dream": round(each.dream, 4),
                "simulator": round(each.simulator, 4),
                "dream over simulator": _interval(each.gap, 4),
            }
            for each in card.mood
        ]
    if card.disagreement:
        tables[DISAGREEMENT] = [
            {
                "days": card.disagreement.days,
                "logged actions": round(card.disagreement.logged, 4),
                "away from the log": round(card.disagreement.away, 4),
                "ratio": _interval(card.disagreement.ratio),
            }
        ]
    if card.interventions is not None:
        if card.interventions.known is not None:
            scores = card.interventions.known.scores
            tables[EFFECTS] = [_effect(score) for score in scores]
        tables[NATURAL] = [_natural(each, card) for each in card.interventions.natural]
    tables[REQUIREMENTS] = [_requirement(check) for check in checks(card)]
    return tables


def card_scalars(card: Card) -> dict[str, float]:
    """Return the numbers of a card that are worth a curve."""
    scalars = {}
    for block, each in card.latents.items():
        scalars[f"card/active_units_{block}"] = float(each.active_units)
        scalars[f"card/kl_nats_{block}"] = each.kl_nats
        scalars[f"card/mutual_information_nats_{block}"] = each.mutual_information_nats
        scalars[f"card/swap_{block}_action_nats"] = card.swap[block].action.mean
        scalars[f"card/swap_{block}_state_nats"] = card.swap[block].state.mean
    for kind, traits in _posteriors(card.traits).items():
        for name, trait in traits.items():
            scalars[f"card/r2_{kind}/{name}"] = trait.own
    for horizon, calibration in card.forecasts["dream"].by_horizon.items():
        for level in LEVELS:
            scalars[f"card/coverage_{level}/day_{horizon}"] = calibration.coverage[level].mean
    for name, by_horizon in card.comparison.items():
        plain = name.replace(", ", "_").replace(" ", "")
        for horizon, ratio in by_horizon.items():
            scalars[f"card/energy_over_{plain}/{horizon}"] = ratio.mean
    for bias in card.mood or ():
        scalars[f"card/mood_gap/day_{bias.horizon}"] = bias.gap.mean
    if card.disagreement:
        scalars["card/disagreement_away_over_logged"] = card.disagreement.ratio.mean
    known = None if card.interventions is None else card.interventions.known
    for score in () if known is None else known.scores:
        name = f"{score.policy}/{score.state}".replace(" ", "_").replace(",", "")
        scalars[f"card/effect_r/{name}"] = score.correlation
    return scalars


def _posteriors(traits: Traits | None) -> dict[str, dict[str, TraitFound]]:
    """Return what was read off each kind of posterior, the refined one first."""
    if traits is None:
        return {}
    return ({"refined": traits.refined} if traits.refined else {}) | {"encoder": traits.encoder}


def _interval(interval: Interval, digits: int = 2) -> str:
    if interval.low is None:
        return f"{interval.mean:.{digits}f} (one person)"
    return "{:.{d}f} [{:.{d}f}, {:.{d}f}]".format(*astuple(interval), d=digits)


def _latents(card: Card) -> list[Row]:
    return [
        {
            "block": f"z_{block}",
            "active units": f"{each.active_units} of {each.dimensions}",
            "KL": round(each.kl_nats, 2),
            "information, at least": f"{each.mutual_information_nats:.2f} "
            f"(of {each.most_nats:.2f})",
            "swapped: actions lose a day": _interval(card.swap[block].action, 3),
            "states lose a day": _interval(card.swap[block].state, 3),
        }
        for block, each in card.latents.items()
    ]


def _traits(traits: Traits) -> list[Row]:
    rows = []
    for trait, r2 in traits.oracle.items():
        row: Row = {"trait": trait, "block": traits.encoder[trait].block, "oracle": round(r2, 2)}
        for kind, found in _posteriors(traits).items():
            row[kind] = round(found[trait].own, 2)
            row[f"{kind}, elsewhere"] = f"{found[trait].cross:.2f} (z_{found[trait].cross_block})"
        rows.append(row)
    return rows


def _forecasts(card: Card) -> list[Row]:
    rows = []
    for name, forecasts in card.forecasts.items():
        ratios = card.comparison.get(name)
        for horizon, each in forecasts.by_horizon.items():
            row: Row = {"forecast": name, "day": int(horizon)}
            row |= {level: _interval(each.coverage[level]) for level in LEVELS}
            row["mean CRPS"] = _mean(forecasts.crps[horizon].values())
            row["energy"] = forecasts.energy[horizon]
            row["variogram"] = forecasts.variogram[horizon]
            row["dream's energy over it"] = _interval(ratios[horizon], 3) if ratios else None
            rows.append(row)
    return rows


def _crps(card: Card) -> list[Row]:
    rows = []
    dream = card.forecasts["dream"]
    for feature in next(iter(dream.crps.values())):
        calibration = dream.by_feature.get(feature)
        row: Row = {"feature": feature}
        row["dream, 80%"] = _interval(calibration.coverage["80%"]) if calibration else None
        for name, forecasts in card.forecasts.items():
            row[name] = _mean(day[feature] for day in forecasts.crps.values())
        rows.append(row)
    return rows


def _mean(scores: Iterable[float | None]) -> float | None:
    """Return the mean of the scores there are."""
    known = [score for score in scores if score is not None]
    return round(sum(known) / len(known), 4) if known else None


def _spread(card: Card) -> list[Row]:
    rows = []
    for each in card.spread:
        row: Row = {"feature": each.feature, "day": each.horizon}
        row |= {source: f"{each.shares[source]:.1%}" for source in SOURCES}
        for title, ratio in (
            ("dream", each.dream_to_truth),
            ("given latents", each.noise_to_truth),
        ):
            row[title] = None if ratio is None else round(ratio, 3)
        rows.append(row)
    return rows


def _effect(score: EffectScore) -> Row:
    row = score.as_row()
    del row["r of the reference"]  # of the second family alone
    return {key: round(own, 3) if isinstance(own, float) else own for key, own in row.items()}


def _natural(found: NaturalExperiment | NotTested, card: Card) -> Row:
    assert card.interventions is not None
    measured = card.interventions.states_measured
    row: Row = {"state": found.state, "measured": measured, "days": found.days}
    if isinstance(found, NotTested):
        return row | {"people": None, "slope": "too few days, not tested", "by chance": None}
    low, high = found.null
    return row | {
        "people": found.people,
        "slope": _interval(found.slope),
        "by chance": f"[{low:.2f}, {high:.2f}]",
    }


def _requirement(check: Check) -> Row:
    return {
        "requirement": check.what,
        "measured": round(check.value, 3),
        "bound": f"{'<=' if check.is_most else '>='} {check.bound:g}",
        "met": check.met,
        "worst": check.where,
    }
