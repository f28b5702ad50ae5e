"""Settings of the model card."""

from __future__ import annotations

from dataclasses import dataclass, field

from human_wm_env.errors import ConfigError
from world_model.card.interventions import DAYS


@dataclass(frozen=True)
class CardConfig:
    """The people that a checkpoint is measured on, and the precision.

    Attributes:
        split: whose people are judged; the others are only fitted on.
        seed: of starts, noise, shuffles and refinement.
        people: most people that forecasts are made for.
        starts_per_person: start days of each, spread over the log.
        draws: independent futures of each start.
        horizons: days of the future that are scored, 1 being the first.
        fit_people: training people that the ridge from latents to traits is fitted on.
        refine_steps: gradient steps of the refined posteriors; 0 leaves them out.
        refine_rate: their learning rate.
        refine_window_days: days of each person that a step sees.
        swap_days: last days of each log, unseen by the posterior, for the swap tests.
        diversity_starts: starts whose spread is taken apart.
        diversity_draws: futures of each of the five designed sets.
        disagreement_days: logged days of each person that the ensemble is asked about.
        policy_days: days of each constant policy whose effects are judged, with a response.
        effect_draws: draws of each person's posterior for these.
    """

    split: str = "test"
    seed: int = 0
    people: int = 100
    starts_per_person: int = 5
    draws: int = 500
    horizons: list[int] = field(default_factory=lambda: [1, 7, 30])
    fit_people: int = 300
    refine_steps: int = 200
    refine_rate: float = 0.1
    refine_window_days: int = 32
    swap_days: int = 200
    diversity_starts: int = 40
    diversity_draws: int = 100
    disagreement_days: int = 50
    policy_days: int = 30
    effect_draws: int = 200

    def __post_init__(self) -> None:
        if not self.horizons or min(self.horizons) < 1:
            raise ConfigError("horizons of 1 day or more", f"{self.horizons}", "Day 1 is first.")
        if (
            min(self.draws, self.diversity_draws, self.people, self.fit_people, self.effect_draws)
            < 2
        ):
            raise ConfigError(
                "two or more draws, diversity_draws, people, fit_people and effect_draws",
                f"{self.draws}, {self.diversity_draws}, {self.people}, {self.fit_people} and "
                f"{self.effect_draws}",
                "Raise the number that is too small; forecasts need some 500 draws.",
            )
        if self.policy_days < max(DAYS):
            raise ConfigError(
                f"policy_days >= {max(DAYS)}, on which effects are judged",
                f"{self.policy_days}",
                "Raise it.",
            )
        counts = ("starts_per_person", "swap_days", "diversity_starts", "disagreement_days")
        if min(getattr(self, name) for name in counts) < 1:
            raise ConfigError(
                f"{', '.join(counts)} >= 1",
                ", ".join(str(getattr(self, name)) for name in counts),
                "Raise the number that is too small.",
            )

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        why = "Raise refine_steps, too: 0 leaves refined posteriors out."
        return (
            {} if self.refine_steps else dict.fromkeys(("refine_rate", "refine_window_days"), why)
        )
