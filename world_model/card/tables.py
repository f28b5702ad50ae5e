"""The card as rows for tables, and as scalars for curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from human_wm_env.people.traits import TRAITS
from world_model.card.calibration import LEVELS
from world_model.card.requirements import Check, checks
from world_model.card.spread import SOURCES

Row = dict[str, Any]

LATENTS = "Latents, nats"
TRAITS_TABLE = "True traits, R2 on held-out people"
FORECASTS = "Forecasts: coverage with 95% intervals, scores"
CRPS = "CRPS by feature, in scales, mean over the days"
SPREAD = "Spread of the dream: shares, and SD over the simulator's"
MOOD = "Mood reward of habit futures, dream and simulator"
DISAGREEMENT = "Disagreement of the ensemble"
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
    REQUIREMENTS: "What a model that can be trusted has to reach.",
}


def card_tables(card: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Lay a card out for printing, title by title."""
    tables = {LATENTS: _latents(card)}
    if card["traits"] is not None:
        tables[TRAITS_TABLE] = _traits(card["traits"])
    tables[FORECASTS] = _forecasts(card)
    tables[CRPS] = _crps(card)
    tables[SPREAD] = _spread(card)
    if card.get("mood"):
        tables[MOOD] = [
            {
                "day": each["horizon"],
                "dream": round(each["dream"], 4),
                "simulator": round(each["simulator"], 4),
                "dream over simulator": _interval(each["gap"], 4),
            }
            for each in card["mood"]
        ]
    if card.get("disagreement"):
        each = card["disagreement"]
        tables[DISAGREEMENT] = [
            {
                "days": each["days"],
                "logged actions": round(each["logged"], 4),
                "away from the log": round(each["away"], 4),
                "ratio": _interval(each["ratio"]),
            }
        ]
    tables[REQUIREMENTS] = [_requirement(check) for check in checks(card)]
    return tables


def card_scalars(card: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers of a card that are worth a curve."""
    scalars = {}
    for block, each in card["latents"].items():
        for name in ("active_units", "kl_nats", "mutual_information_nats"):
            scalars[f"card/{name}_{block}"] = float(each[name])
        for what, interval in card["swap"][block].items():
            scalars[f"card/swap_{block}_{what}_nats"] = interval["mean"]
    for kind in ("encoder", "refined"):
        for name, each in ((card["traits"] or {}).get(kind) or {}).items():
            scalars[f"card/r2_{kind}/{name}"] = each["own"]
    for horizon, each in card["forecasts"]["dream"]["by_horizon"].items():
        for level in LEVELS:
            scalars[f"card/coverage_{level}/day_{horizon}"] = each["coverage"][level]["mean"]
    for name, by_horizon in card["comparison"].items():
        for horizon, ratio in by_horizon.items():
            scalars[f"card/energy_over_{name.replace(', ', '_').replace(' ', '')}/{horizon}"] = (
                ratio["mean"]
            )
    for each in card.get("mood") or ():
        scalars[f"card/mood_gap/day_{each['horizon']}"] = each["gap"]["mean"]
    if card.get("disagreement"):
        scalars["card/disagreement_away_over_logged"] = card["disagreement"]["ratio"]["mean"]
    return scalars


def _interval(interval: Mapping[str, float], digits: int = 2) -> str:
    mean, low, high = (f"{interval[name]:.{digits}f}" for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"


def _latents(card: Mapping[str, Any]) -> list[Row]:
    return [
        {
            "block": f"z_{block}",
            "active units": f"{each['active_units']} of {each['dimensions']}",
            "KL": round(each["kl_nats"], 2),
            "information, at least": f"{each['mutual_information_nats']:.2f} "
            f"(of {each['most_nats']:.2f})",
            "swapped: actions lose a day": _interval(card["swap"][block]["action"], 3),
            "states lose a day": _interval(card["swap"][block]["state"], 3),
        }
        for block, each in card["latents"].items()
    ]


def _traits(traits: Mapping[str, Any]) -> list[Row]:
    rows = []
    for trait in TRAITS:
        row: Row = {
            "trait": trait.name,
            "block": trait.block,
            "oracle": round(traits["oracle"][trait.name], 2),
        }
        for kind in ("refined", "encoder"):
            if kind in traits:
                each = traits[kind][trait.name]
                row[kind] = round(each["own"], 2)
                row[f"{kind}, elsewhere"] = f"{each['cross']:.2f} (z_{each['cross_block']})"
        rows.append(row)
    return rows


def _forecasts(card: Mapping[str, Any]) -> list[Row]:
    rows = []
    for name, judged in card["forecasts"].items():
        for horizon, each in judged["by_horizon"].items():
            row: Row = {"forecast": name, "day": int(horizon)}
            for level in LEVELS:
                row[level] = _interval(each["coverage"][level])
            known = [score for score in judged["crps"][horizon].values() if score is not None]
            row["mean CRPS"] = round(sum(known) / len(known), 4)
            row["energy"], row["variogram"] = (
                judged["energy"][horizon],
                judged["variogram"][horizon],
            )
            ratio = card["comparison"].get(name)
            row["dream's energy over it"] = ratio and _interval(ratio[horizon], 3)
            rows.append(row)
    return rows


def _crps(card: Mapping[str, Any]) -> list[Row]:
    rows = []
    for feature in next(iter(card["forecasts"]["dream"]["crps"].values())):
        row: Row = {"feature": feature}
        calibration = card["forecasts"]["dream"]["by_feature"].get(feature)
        row["dream, 80%"] = calibration and _interval(calibration["coverage"]["80%"])
        for name, judged in card["forecasts"].items():
            known = [day[feature] for day in judged["crps"].values() if day[feature] is not None]
            row[name] = round(sum(known) / len(known), 4) if known else None
        rows.append(row)
    return rows


def _spread(card: Mapping[str, Any]) -> list[Row]:
    rows = []
    for each in card["spread"]:
        row: Row = {"feature": each["feature"], "day": each["horizon"]}
        row |= {source: f"{each['shares'][source]:.1%}" for source in SOURCES}
        for title, key in (("dream", "dream_to_truth"), ("given latents", "noise_to_truth")):
            row[title] = None if each[key] is None else round(each[key], 3)
        rows.append(row)
    return rows


def _requirement(check: Check) -> Row:
    return {
        "requirement": check.what,
        "measured": round(check.value, 3),
        "bound": f"{'<=' if check.is_most else '>='} {check.bound:g}",
        "met": check.met,
        "worst": check.where,
    }
