"""The answer to a what-if: numbers by outcome and day, warnings, and one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from human_wm_env.counterfactual.effects import Effect
from human_wm_env.counterfactual.reach import Reach
from human_wm_env.notebook_html import html_table


@dataclass(frozen=True)
class OutcomeEffect:
    """What the change does to one outcome.

    Attributes:
        without_change: mean of the outcome on days of habit.
        average: the effect, averaged over the days.
        by_day: of each day.
        population, population_by_day: the same where latents are drawn from the prior, and
            only the past days are the person's own.
        from_log: share of the variance of the average effect over people that the person's log
            removed, see `share_removed`.
    """

    without_change: float
    average: Effect
    by_day: list[Effect]
    population: Effect
    population_by_day: list[Effect]
    from_log: float | None


@dataclass(frozen=True)
class WhatIf:
    """What a change of a person's days would do.

    Attributes:
        change: as it was understood.
        user: the person's id; "" with a history of the caller's.
        day: the first changed day.
        days: how many.
        effects: by outcome (`OUTCOMES`): the numbers of a day, the mood as its reward in [0, 1],
            and the reward.
        better: probability, given the log, that the effect on the average over the days is an
            improvement: a higher reward or mood, a lower heart rate.
        reach: how far the changed features leave what was logged.
        uncertainty: mean disagreement of the ensemble on days of habit and on the changed days.
        warnings: what speaks against believing it.
        sentence: all of it in one sentence.
        first_date: of the first changed day, as 2024-05-31, where the log has dates.
    """

    change: str
    user: str
    day: int
    days: int
    effects: dict[str, OutcomeEffect]
    better: dict[str, float]
    reach: list[Reach]
    uncertainty: dict[str, float]
    warnings: list[str]
    sentence: str
    first_date: str | None = None

    def _repr_html_(self) -> str:
        levels = list(next(iter(self.effects.values())).average.intervals)
        return html_table(
            " ".join([self.sentence, *(f"Warning: {one}" for one in self.warnings)]),
            ("outcome", "without", "effect", *levels),
            [
                (
                    name,
                    f"{one.without_change:.4g}",
                    f"{one.average.mean:+.3g}",
                    *("{:+.3g} to {:+.3g}".format(*one.average.intervals[at]) for at in levels),
                )
                for name, one in self.effects.items()
            ],
        )
