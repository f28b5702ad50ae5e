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
    TestResult,
    max_z_test,
    order_of_blocks,
    order_within_people,
    row_orders,
    shuffle_observed,
)
from world_model.audit.signals import ITEMS, SIGNAL_FEATURES, PersonDays


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
        self.whole, self.tested = whole, tested
        self.within_people = within_people
        self.usable = {id(days): usable_signals(days) for days in (whole, tested)}

    def people(self, rng: np.random.Generator) -> Family:
        """Test whether people differ."""
        days, usable = self.tested, self.usable[id(self.tested)]
        null = [
            intraclass_correlations(days.rearranged(order_of_blocks(days, rng)), usable)
            for _ in range(self.config.permutations)
        ]
        result = max_z_test(intraclass_correlations(days, usable), np.stack(null))
        values = intraclass_correlations(self.whole, self.usable[id(self.whole)])
        return self._of_items(
            "people differ (ICC)", values, observed_days(self.whole), result, NEGLIGIBLE_SHARE
        )

    def memory_and_weekday(self, rng: np.random.Generator) -> tuple[Family, Family]:
        """Test whether a day resembles the last, and whether weekdays differ."""
        days = self.tested
        deviations, usable = days.deviations(), self.usable[id(days)]
        memory_null, weekday_null = [], []
        for _ in range(self.config.permutations):
            order = order_within_people(days, rng)
            dealt = shuffle_observed(deviations, days.observed, SIGNAL_FEATURES, order)
            memory_null.append(lag_correlations(dealt, days, usable)[0])
            weekday_null.append(weekday_shares(dealt, days, usable)[0])
        all_deviations = self.whole.deviations()
        families = []
        measures: list[tuple[str, Callable, list[np.ndarray], float]] = [
            (
                "a day resembles the last (lag 1)",
                lag_correlations,
                memory_null,
                NEGLIGIBLE_CORRELATION,
            ),
            ("weekdays differ (eta squared)", weekday_shares, weekday_null, NEGLIGIBLE_SHARE),
        ]
        for question, measure, null, negligible in measures:
            result = max_z_test(measure(deviations, days, usable)[0], np.stack(null))
            values, counts = measure(all_deviations, self.whole, self.usable[id(self.whole)])
            families.append(self._of_items(question, values, counts, result, negligible))
        return families[0], families[1]

    def links(self, rng: np.random.Generator) -> tuple[Family, Family, Family]:
        """Test whether features are linked: same day, next day, and with what is logged."""
        days = self.tested
        inputs = LinkInputs.from_days(days, within_people=self.within_people)
        measures = self._link_measures()
        null: list[list[np.ndarray]] = [[] for _ in measures]
        for _ in range(self.config.permutations):
            orders = row_orders(days, schema.FEATURE_COUNT, rng, within_people=self.within_people)
            dealt = inputs.rearranged(list(orders))
            for draws, (_, _, measure) in zip(null, measures, strict=True):
                draws.append(correlations.statistics(measure(dealt)))
        all_people = LinkInputs.from_days(self.whole, within_people=self.within_people)
        families = []
        for draws, (question, table, measure) in zip(null, measures, strict=True):
            wanted = correlations.statistics(measure(inputs))
            wanted[~self._usable_pairs(days, table)] = np.nan
            values, counts = measure(all_people)
            values[~self._usable_pairs(self.whole, table)] = np.nan
            families.append(
                collect(
                    question,
                    table.names,
                    values,
                    counts,
                    max_z_test(wanted, np.stack(draws)),
                    level=self.config.level / FAMILIES,
                    negligible=NEGLIGIBLE_CORRELATION,
                )
            )
        return families[0], families[1], families[2]

    def _link_measures(
        self,
    ) -> tuple[tuple[str, LinkTable, Callable[[LinkInputs], tuple[np.ndarray, np.ndarray]]], ...]:
        return (
            ("features are linked on one day (r)", correlations.SAME_DAY, correlations.same_day),
            (
                "actions are linked with the next day's state (r)",
                correlations.NEXT_DAY,
                correlations.next_day,
            ),
            (
                "values are linked with what is logged (r)",
                correlations.LOGGED,
                correlations.with_logging,
            ),
        )

    def _usable_pairs(self, days: PersonDays, table: LinkTable) -> np.ndarray:
        usable = self.usable[id(days)]
        return np.logical_and.reduce([usable[signals] for signals in table.signals])

    def _of_items(
        self,
        question: str,
        values: np.ndarray,
        counts: np.ndarray,
        result: TestResult,
        negligible: float,
    ) -> Family:
        names: list[tuple[str, str | None]] = [(item, None) for item in ITEMS]
        return collect(
            question,
            names,
            values,
            counts,
            result,
            level=self.config.level / FAMILIES,
            negligible=negligible,
        )
