"""Model cards side by side: one row each, as numbers and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from human_wm_cli.console import Facts, Row, markdown_table
from human_wm_env.people.traits import TRAITS
from world_model.card.calibration import LEVELS

WEEK = 7
BLOCKS = ("a", "b", "c")

#: what a comparison is read by
NOTE = (
    "Active units and KL (nats) of z_a / z_b / z_c by one pass of the encoder. R2 of the worst "
    "trait over the oracle's, by the refined posterior and by the single pass; the highest R2 "
    "of a trait from another block. Coverage: the largest distance from nominal. Energy score "
    "and spread (SD) of the futures over the true simulator's: 1 is right; the spread also given "
    "the latents, so that only the noise of the days is left. Seconds of training, without the "
    "card."
)


def summary(card: Facts) -> Facts:
    """Return the numbers of a card that experiments are compared by; None where unknown."""
    dream = card["forecasts"]["dream"]["by_horizon"]
    horizon = WEEK if str(WEEK) in dream else max(map(int, dream))
    simulator = card["comparison"].get("simulator")
    latents = card["latents"]
    return {
        **{f"active_units_{block}": latents[block]["active_units"] for block in BLOCKS},
        **{f"kl_nats_{block}": latents[block]["kl_nats"] for block in BLOCKS},
        **_traits(card["traits"]),
        "coverage_gap": max(
            abs(each["coverage"][name]["mean"] - level)
            for each in dream.values()
            for name, level in LEVELS.items()
        ),
        "horizon": horizon,
        "energy_ratio": None if simulator is None else simulator[str(horizon)]["mean"],
        "spread_ratio": _mean_spread(card["spread"], "dream_to_truth", horizon),
        "spread_given_latents_ratio": _mean_spread(card["spread"], "noise_to_truth", horizon),
    }


def _mean_spread(spreads: Sequence[Facts], name: str, horizon: int) -> float | None:
    """Return the mean over the features of a day."""
    known = [each[name] for each in spreads if each["horizon"] == horizon]
    return None if None in known else sum(known) / len(known)


def _traits(traits: Facts | None) -> Facts:
    found: Facts = {}
    for kind in ("refined", "encoder"):
        each = (traits or {}).get(kind)
        found[f"worst_trait_{kind}"] = each and min(
            each[trait.name]["own"] / traits["oracle"][trait.name]  # type: ignore[index]
            for trait in TRAITS
        )
        found[f"worst_cross_{kind}"] = each and max(of["cross"] for of in each.values())
    return found


def readable(row: Facts) -> Row:
    """Return a row of the printed table from a summary with `experiment` and `seconds`."""
    day = row["horizon"]

    def by_block(name: str, digits: int) -> str:
        return " / ".join(f"{row[f'{name}_{block}']:.{digits}f}" for block in BLOCKS)

    def number(name: str, digits: int = 2) -> float | None:
        return None if row[name] is None else round(row[name], digits)

    return {
        "experiment": row["experiment"],
        "active units": by_block("active_units", 0),
        "KL": by_block("kl_nats", 1),
        "worst R2": number("worst_trait_refined"),
        "single pass": number("worst_trait_encoder"),
        "cross R2": number("worst_cross_refined"),
        "coverage gap": number("coverage_gap", 3),
        f"energy, day {day}": number("energy_ratio", 3),
        "spread": number("spread_ratio"),
        "given latents": number("spread_given_latents_ratio"),
        "seconds": None if row["seconds"] is None else round(row["seconds"]),
    }


def markdown(rows: Sequence[Row]) -> str:
    """Write rows with the same keys as a Markdown table."""
    lines = [["-" if cell is None else str(cell) for cell in row.values()] for row in rows]
    return markdown_table(list(rows[0]), lines) if rows else ""
