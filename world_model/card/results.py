"""The parts of a model card, as dataclasses; `dataclasses.asdict` makes them JSON-able."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from world_model.card.calibration import Calibration
from world_model.card.config import CardConfig
from world_model.card.ensemble_disagreement import Disagreement
from world_model.card.intervals import Interval
from world_model.card.known_effects import KnownEffects
from world_model.card.latent_swap import Swap
from world_model.card.natural_experiments import NaturalExperiment, NotTested
from world_model.card.posterior_collapse import BlockCollapse
from world_model.card.reward_bias import RewardBias
from world_model.card.spread import Spread
from world_model.card.trait_recovery import TraitFound


@dataclass(frozen=True)
class About:
    """What a card was measured on.

    Attributes:
        weights_sha256, trained_split: of the checkpoint; None where it does not know.
        data, data_sha256: the logs; trained_on_these_data: whether training had the same.
        truth_known: whether the embedded people behind the logs are; forecasts_of: what is
            judged, "simulated days" then, else "logged days".
        people: in each split; judged_on: the split of the people judged, judged_people of them.
        never_logged: features that nobody, or some of the judged people, never logged; empty
            where all people logged all features.
        forecast_people, starts: how many were forecast, from how many days.
        config: settings.
    """

    weights_sha256: str | None
    data: str
    data_sha256: str
    trained_on_these_data: bool
    trained_split: Mapping[str, str | float] | None
    truth_known: bool
    forecasts_of: str
    people: dict[str, int]
    judged_on: str
    judged_people: int
    never_logged: str
    forecast_people: int
    starts: int
    config: CardConfig


@dataclass(frozen=True)
class Traits:
    """True traits read off the posteriors of people who were not fitted on.

    Attributes:
        fit_people, test_people: how many were fitted on, and judged.
        oracle: R2 of the oracle, by trait.
        encoder: by trait, from the encoder's posterior.
        refined: likewise, from the refined one; None where none was made.
    """

    fit_people: int
    test_people: int
    oracle: dict[str, float]
    encoder: dict[str, TraitFound]
    refined: dict[str, TraitFound] | None


@dataclass(frozen=True)
class Forecasts:
    """What one forecaster's futures are worth; a score is None where nothing was observed.

    Attributes:
        by_horizon, by_feature: calibration.
        crps: by horizon and feature.
        energy, variogram: by horizon.
    """

    by_horizon: dict[str, Calibration]
    by_feature: dict[str, Calibration]
    crps: dict[str, dict[str, float | None]]
    energy: dict[str, float | None]
    variogram: dict[str, float | None]


@dataclass(frozen=True)
class Interventions:
    """What would happen if: how far effects of actions can be trusted.

    Attributes:
        states_measured: "evening" or "morning", as training found or was told; None where it
            is not written down.
        known: estimated beside true effects; None where the truth is not known.
        natural: unusual held-out days, by state: what they show, or that there were too few.
    """

    states_measured: str | None
    known: KnownEffects | None
    natural: list[NaturalExperiment | NotTested]


@dataclass(frozen=True)
class Card:
    """Every measurement of a checkpoint; `dataclasses.asdict` makes it JSON-able.

    Attributes:
        about: the checkpoint, data and settings.
        latents, swap: by block.
        traits, mood: None without truth.
        forecasts: by forecaster, the model ("dream") first.
        comparison: the model's energy score over that of each other forecaster, by horizon.
        spread: by feature and horizon.
        disagreement: None without an ensemble, or without a day whose actions were all logged.
        interventions: None where states follow transition nets.
    """

    about: About
    latents: dict[str, BlockCollapse]
    swap: dict[str, Swap]
    traits: Traits | None
    forecasts: dict[str, Forecasts]
    comparison: dict[str, dict[str, Interval]]
    spread: list[Spread]
    mood: list[RewardBias] | None
    disagreement: Disagreement | None
    interventions: Interventions | None = None
