"""The six families of tests: numbers of all people, p-values of the people tested."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from human_wm_env.person import schema
from world_model.audit import correlations
from world_model.audit.config import FAMILIES, NEGLIGIBLE_CORRELATION, NEGLIGIBLE_SHARE, AuditConfig
from world_model.audit.correlations import LinkInputs, LinkTable
from world_model.audit.feature_statistics import (
    intraclass_correlations,
    lag_correlations,
    observed_days,
    usable_signals,
    weekday_shares,
)
from world_model.audit.findings import Family, collect
from world_model.audit.permutation import (
    max_z_test,
    order_of_blocks,
    order_within_people,
    row_orders,
    shuffle_observed,
)
from world_model.audit.signals import ITEMS, SIGNAL_FEATURES, PersonDays

Measured = tuple[np.ndarray, np.ndarray]  # values, and the days behind each

_ITEMS: list[tuple[str, str | None]] = [(item, None) for item in ITEMS]
_OF_DAYS = (
    ("a day resembles the last (lag 1)", lag_correlations, NEGLIGIBLE_CORRELATION),
    ("weekdays differ (eta squared)", weekday_shares, NEGLIGIBLE_SHARE),
)
_OF_LINKS: tuple[tuple[str, LinkTable, Callable[[LinkInputs], Measured]], ...] = (
    ("features are linked on one day (r)", correlations.SAME_DAY, correlations.same_day),
    (
        "actions are linked with the next day's state (r)",
        correlations.NEXT_DAY,
        correlations.next_day,
    ),
    ("values are linked with what is logged (r)", correlations.LOGGED, correlations.with_logging),
)


class FamilyTests:
    """The six families: values of all people, p-values of the people tested.

    Args:
        config: settings.
        whole, tested: logs of all people, and of those tested.
        within_people: see `Audit`.
    """

    def __init__(
        self, config: AuditConfig, whole: PersonDays, tested: PersonDays, within_people: bool
    ) -> None:
        self.config = config
        self.within_people = within_people
        self.whole, self.tested = ((days, usable_signals(days)) for days in (whole, tested))

    def people(self, rng: np.random.Generator) -> Family:
        """Test whether people differ."""
        (days, usable), (whole, _) = self.tested, self.whole
        null = [
            intraclass_correlations(days.rearranged(order_of_blocks(days, rng)), usable)
            for _ in range(self.config.permutations)
        ]
        found = intraclass_correlations(*self.whole), observed_days(whole)
        wanted = intraclass_correlations(days, usable)
        return self._family("people differ (ICC)", _ITEMS, found, wanted, null, NEGLIGIBLE_SHARE)

    def memory_and_weekday(self, rng: np.random.Generator) -> tuple[Family, Family]:
        """Test whether a day resembles the last, and whether weekdays differ."""
        days, usable = self.tested
        deviations, all_deviations = days.deviations(), self.whole[0].deviations()
        null: list[list[np.ndarray]] = [[] for _ in _OF_DAYS]
        for _ in range(self.config.permutations):
            order = order_within_people(days, rng)
            dealt = shuffle_observed(deviations, days.observed, SIGNAL_FEATURES, order)
            for draws, (_, measure, _) in zip(null, _OF_DAYS, strict=True):
                draws.append(measure(dealt, days, usable)[0])
        memory, weekday = (
            self._family(
                question,
                _ITEMS,
                measure(all_deviations, *self.whole),
                measure(deviations, days, usable)[0],
                draws,
                negligible,
            )
            for draws, (question, measure, negligible) in zip(null, _OF_DAYS, strict=True)
        )
        return memory, weekday

    def links(self, rng: np.random.Generator) -> tuple[Family, Family, Family]:
        """Test whether features are linked: same day, next day, and with what is logged."""
        days, usable = self.tested
        whole, all_usable = self.whole
        inputs, all_inputs = (
            LinkInputs.from_days(each, within_people=self.within_people) for each in (days, whole)
        )
        null: list[list[np.ndarray]] = [[] for _ in _OF_LINKS]
        for _ in range(self.config.permutations):
            orders = row_orders(days, schema.FEATURE_COUNT, rng, within_people=self.within_people)
            dealt = inputs.rearranged(list(orders))
            for draws, (_, _, measure) in zip(null, _OF_LINKS, strict=True):
                draws.append(correlations.statistics(measure(dealt)))
        families = []
        for draws, (question, table, measure) in zip(null, _OF_LINKS, strict=True):
            wanted = correlations.statistics(measure(inputs))
            wanted[~table.are_usable(usable)] = np.nan
            values, counts = measure(all_inputs)
            values[~table.are_usable(all_usable)] = np.nan
            found = values, counts
            families.append(
                self._family(question, table.names, found, wanted, draws, NEGLIGIBLE_CORRELATION)
            )
        return families[0], families[1], families[2]

    def _family(
        self,
        question: str,
        names: list[tuple[str, str | None]],
        found: Measured,
        wanted: np.ndarray,
        null: list[np.ndarray],
        negligible: float,
    ) -> Family:
        """Put values and days of all people beside the test of the people tested."""
        return collect(
            question,
            names,
            *found,
            max_z_test(wanted, np.stack(null)),
            level=self.config.level / FAMILIES,
            negligible=negligible,
        )
