"""What a trustworthy world model has to reach, and what this one reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from human_wm_env.people.traits import TRAITS
from world_model.card.calibration import LEVELS


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


def checks(card: Mapping[str, Any]) -> list[Check]:
    """Compare a card with the requirements that it has the measurements for."""
    found = []
    if card["traits"] is not None:
        found += _trait_checks(card["traits"])
    found += [
        _least("z_b swapped: nats per day lost by actions, low end", card["swap"]["b"]["action"]),
        _least("z_c swapped: nats per day lost by states, low end", card["swap"]["c"]["state"]),
    ]
    found += _forecast_checks(card)
    ratios = {
        f"{each['feature']}, day {each['horizon']}": abs(each["noise_to_truth"] - 1.0)
        for each in card["spread"]
        if each["noise_to_truth"] is not None
    }
    if ratios:
        found.append(_worst("spread given the person: distance from the truth's", ratios, 0.15))
    gaps = {f"day {each['horizon']}": abs(each["gap"]["mean"]) for each in card.get("mood") or ()}
    if gaps:
        found.append(_worst("mood reward of the dream: distance from the simulator's", gaps, 0.02))
    if card.get("disagreement"):
        low = card["disagreement"]["ratio"]["low"]
        found.append(Check("disagreement away from the log over on it, low end", low, 1.0, False))
    return found


def _trait_checks(traits: Mapping[str, Any]) -> list[Check]:
    best = "refined" if "refined" in traits else "encoder"
    shares, gaps = {}, {}
    for trait in TRAITS:
        own = traits[best][trait.name]["own"]
        shares[trait.name] = own / traits["oracle"][trait.name]
        if trait.block != "c":
            gaps[trait.name] = own - traits["encoder"][trait.name]["own"]
    lowest = min(shares, key=lambda name: shares[name])
    crossed = {
        f"{name} from z_{each['cross_block']}": each["cross"] for name, each in traits[best].items()
    }
    found = [
        Check(
            f"lowest R2 of a trait over the oracle's ({best})", shares[lowest], 0.8, False, lowest
        ),
        _worst(f"highest R2 from another block ({best})", crossed, 0.25),
    ]
    if best == "refined":
        found.append(_worst("encoder behind refined, R2 of a- and b-traits", gaps, 0.15))
    return found


def _forecast_checks(card: Mapping[str, Any]) -> list[Check]:
    off = {
        f"{name}, day {horizon}": abs(each["coverage"][name]["mean"] - level)
        for horizon, each in card["forecasts"]["dream"]["by_horizon"].items()
        for name, level in LEVELS.items()
    }
    found = [_worst("coverage: distance from nominal", off, 0.03)]
    others = dict(card["comparison"])
    simulator = others.pop("simulator", None)
    if simulator is not None:
        week = "7" if "7" in simulator else max(simulator, key=int)
        found.append(
            Check(f"energy over the simulator's, day {week}", simulator[week]["mean"], 1.05, True)
        )
    ratios = {
        f"{name}, day {horizon}": ratio["mean"]
        for name, by_horizon in others.items()
        for horizon, ratio in by_horizon.items()
    }
    found.append(_worst("energy over a baseline's", ratios, 1.0))
    return found


def _worst(what: str, values: Mapping[str, float], bound: float) -> Check:
    where = max(values, key=lambda name: values[name])
    return Check(what, values[where], bound, True, where)


def _least(what: str, interval: Mapping[str, float]) -> Check:
    return Check(what, interval["low"], 0.0, False)
