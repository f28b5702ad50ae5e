"""Links of states in words."""

from __future__ import annotations

from world_model.audit.findings import Family, Finding
from world_model.audit.verdict import _states


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
