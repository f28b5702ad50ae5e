"""The audit in words, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from human_wm_env.person import schema
from world_model.audit.audit import Audit
from world_model.audit.findings import Family, Finding
from world_model.audit.missingness import Missingness
from world_model.audit.plausibility import Plausibility
from world_model.audit.uniformity import Uniformity
from world_model.audit.verdict import _states, verdict_of


def family(*links: tuple[str, str, float]) -> Family:
    findings = [Finding(of, to, value, 100, 9.0, 0.001) for of, to, value in links]
    return Family("what moves together?", tuple(findings), 0.05, 0.1)


def test_a_state_is_named_with_its_strongest_action() -> None:
    found = _states(
        family(
            ("steps", "heart_rate_avg", -0.3),
            ("sleep_hours", "heart_rate_avg", -0.5),
            ("mood valence", "active_minutes", 0.2),
        )
    )
    assert found == (
        "of states: sleep_hours with heart_rate_avg, r -0.50, "
        "mood valence with active_minutes, r 0.20"
    )


def test_links_among_states_or_among_actions_name_none() -> None:
    found = _states(family(("heart_rate_avg", "mood=Happy", 0.4), ("steps", "distance_km", 0.9)))
    assert found == "no action is linked with a state"
    weak = family(("steps", "heart_rate_avg", 0.05))
    assert _states(weak) == "no action is linked with a state"


def numbers(*values: float, of: str = "steps", to: str | None = None) -> Family:
    """A family of tests, found where the value is 0.1 or more."""
    names = (of, *(name for name in schema.FEATURE_NAMES if name != of))
    found = [
        Finding(name, to, value, 100, 9.0, 0.001)
        for name, value in zip(names, values, strict=False)
    ]
    return Family("?", tuple(found), 0.05, 0.1)


NONE = Family("?", (), 0.05, 0.1)
COMPLETE = tuple(Missingness(name, 0.1, 1.0, 1.1) for name in schema.FEATURE_NAMES)


def audited(**changes: Any) -> Audit:
    every = [(name, "mood", 0.0) for name in schema.FEATURE_NAMES if name != "mood"]
    plain = Audit(
        *("mine", 10, 700, 10, 700, True),
        *(numbers(0.0, 0.05), numbers(0.0), numbers(0.0), family(*every), NONE, NONE),
        *((), Plausibility(0, None, 0, None, {}), COMPLETE),
    )
    return replace(plain, **changes)


def test_nothing_found_is_said_of_what_was_tested() -> None:
    nothing = (
        "Nothing to learn: none of 13 tests stands out from chance (people do not differ, "
        "no day resembles the last, weekdays do not differ, no two features are linked within "
        "people); not testable with 70 days a person: whether actions show in the next day's state."
    )
    assert verdict_of(audited()) == nothing
    over_rows = verdict_of(audited(within_people=False, next_day=numbers(0.0, to="mood")))
    assert "over all rows, no action shows in the next day's state)." in over_rows
    short = verdict_of(audited(person_days=10, people=NONE, memory=NONE, weekday=NONE))
    assert "none of 9 tests" in short and "with 1 day a person: whether people differ, " in short


def test_too_few_days_for_anything() -> None:
    bare = audited(people=NONE, memory=NONE, weekday=NONE, same_day=NONE)
    assert verdict_of(bare) == "Cannot tell: too few days to test anything."


def test_what_was_found_in_order() -> None:
    found = audited(
        people=numbers(0.3, 0.6, 0.0, of="steps"),
        memory=numbers(0.25, of="mood"),
        weekday=numbers(0.125, of="steps"),
        same_day=family(
            ("steps", "distance_km", 0.9),
            ("sleep_hours", "mood", -0.3),
            *((name, "mood", 0.0) for name in schema.FEATURE_NAMES if name != "mood"),
        ),
        next_day=numbers(0.5, 0.0, of="sleep_hours", to="mood"),
    )
    first = schema.FEATURE_NAMES[1] if schema.FEATURE_NAMES[0] == "steps" else "?"
    assert verdict_of(found) == (
        f"Something to learn: people differ in 2 of 3 features (most in {first}, ICC 0.60); "
        "2 of 11 same-day links stand out (strongest steps with distance_km, r 0.90); "
        "of states: sleep_hours with mood, r -0.30; "
        "a day resembles the last in 1 of 1 (most in mood, lag-1 0.25); "
        "weekdays differ (most in steps, 12% of its variance); "
        "1 of 2 links of an action with the next day's state stand out "
        "(strongest sleep_hours with mood, r 0.50)."
    )


def test_what_was_not_found_beside_something() -> None:
    said = verdict_of(audited(people=NONE, memory=numbers(0.2), next_day=numbers(0.0, to="mood")))
    assert said == (
        "Something to learn: whether people differ cannot be tested; "
        "none of 9 same-day links stands out; no action is linked with a state; "
        "a day resembles the last in 1 of 1 (most in steps, lag-1 0.20); "
        "weekdays do not differ; no action is linked with the next day's state (1 tests)."
    )
    assert "people differ in none of 2 features" in verdict_of(audited(memory=numbers(0.2)))
    assert "no day resembles the last" in verdict_of(audited(people=numbers(0.2)))


def test_features_that_no_link_was_tested_of() -> None:
    few = family(*((name, "steps", 0.0) for name in schema.FEATURE_NAMES if name != "mood"))
    assert verdict_of(audited(same_day=few)).endswith("; too few days, links not tested: mood.")
    lost = tuple(replace(one, share=1.0) for one in COMPLETE)
    assert "not tested: mood" not in verdict_of(audited(same_day=few, missingness=lost))


def test_warnings_of_impossible_logs() -> None:
    uniform = Uniformity("steps", "Kolmogorov-Smirnov", 500, 0.0, 1.0, 0.01, 0.9)
    odd = audited(
        uniformity=(uniform, replace(uniform, p=1e-9)),
        plausibility=Plausibility(100, 0.07, 100, 0.25, {}),
    )
    assert verdict_of(odd).endswith(
        "; 1 of 2 columns look like uniform random numbers; "
        "7% of the days are impossible (sleep + activity over 24 h); "
        "steps and distance contradict each other on 25% of the days."
    )
    rare = audited(plausibility=Plausibility(100, 0.01, 100, 0.01, {}))
    assert verdict_of(rare) == verdict_of(audited())
