"""The audit in one sentence."""

from __future__ import annotations

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from world_model.audit.audit import Audit, audit
from world_model.audit.config import AuditConfig
from world_model.audit.findings import Family, Finding

NOTABLE_SHARE = 0.01  # of impossible days
_ACTIONS = {schema.FEATURES[index].name for index in schema.ACTION_FEATURES}
_STATES = tuple(schema.FEATURES[index].name for index in schema.STATE_FEATURES)


def verdict(dataset: LogDataset, config: AuditConfig | None = None) -> str:
    """Audit logs and say in one sentence what can be learned from them."""
    return verdict_of(audit(dataset, config))


def verdict_of(audited: Audit) -> str:
    """Say in one sentence what can be learned, from the numbers of an audit."""
    families = (
        audited.people,
        audited.memory,
        audited.weekday,
        audited.same_day,
        audited.next_day,
    )
    tests = sum(len(family.tested) for family in families)
    if tests == 0:
        return _sentence("Cannot tell: too few days to test anything", _warnings(audited))
    if not any(family.found for family in families):
        nothing = f"Nothing to learn: none of {tests} tests stands out from chance ({_why(audited)}"
        return _sentence(f"{nothing})", [*_untested(audited), *_warnings(audited)])
    parts = [
        _people(audited.people),
        _same_day(audited.same_day),
        _states(audited.same_day),
        _memory(audited.memory),
        _weekday(audited.weekday),
        _next_day(audited.next_day),
    ]
    known = [part for part in parts if part]
    return _sentence(f"Something to learn: {known[0]}", [*known[1:], *_warnings(audited)])


def _sentence(start: str, more: list[str]) -> str:
    return "; ".join([start, *more]) + "."


def _why(audited: Audit) -> str:
    scope = "within people" if audited.within_people else "over all rows"
    answers = [
        (audited.people, "people do not differ"),
        (audited.memory, "no day resembles the last"),
        (audited.weekday, "weekdays do not differ"),
        (audited.same_day, f"no two features are linked {scope}"),
        (audited.next_day, "no action shows in the next day's state"),
    ]
    return ", ".join(text for family, text in answers if family.tested)


def _untested(audited: Audit) -> list[str]:
    questions = [
        (audited.people, "people differ"),
        (audited.memory, "a day resembles the last"),
        (audited.weekday, "weekdays differ"),
        (audited.next_day, "actions show in the next day's state"),
    ]
    open_ones = [text for family, text in questions if not family.tested]
    if not open_ones:
        return []
    days = audited.person_days / audited.users
    return [
        f"not testable with {days:.3g} {'day' if days == 1 else 'days'} a person: whether "
        f"{', '.join(open_ones)}"
    ]


def _warnings(audited: Audit) -> list[str]:
    warnings = []
    uniform = [one for one in audited.uniformity if one.looks_uniform]
    if uniform:
        warnings.append(
            f"{len(uniform)} of {len(audited.uniformity)} columns look like uniform random numbers"
        )
    impossible = audited.plausibility.over_24_hours
    if impossible is not None and impossible > NOTABLE_SHARE:
        warnings.append(
            f"{100 * impossible:.0f}% of the days are impossible (sleep + activity over 24 h)"
        )
    odd = audited.plausibility.odd_stride
    if odd is not None and odd > NOTABLE_SHARE:
        warnings.append(f"steps and distance contradict each other on {100 * odd:.0f}% of the days")
    return warnings


def _of_features(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.of in schema.FEATURE_NAMES]


def _people(family: Family) -> str:
    tested, found = _of_features(family.tested), _of_features(family.found)
    if not tested:
        return "whether people differ cannot be tested"
    if not found:
        return f"people differ in none of {len(tested)} features"
    return (
        f"people differ in {len(found)} of {len(tested)} features "
        f"(most in {found[0].of}, ICC {found[0].value:.2f})"
    )


def _memory(family: Family) -> str:
    tested, found = _of_features(family.tested), _of_features(family.found)
    if not tested:
        return ""
    if not found:
        return "no day resembles the last"
    return (
        f"a day resembles the last in {len(found)} of {len(tested)} "
        f"(most in {found[0].of}, lag-1 {found[0].value:.2f})"
    )


def _weekday(family: Family) -> str:
    tested, found = _of_features(family.tested), family.found
    if not tested:
        return ""
    if not found:
        return "weekdays do not differ"
    return f"weekdays differ (most in {found[0].of}, {100 * found[0].value:.0f}% of its variance)"


def _same_day(family: Family) -> str:
    if not family.tested:
        return ""
    if not family.found:
        return f"none of {len(family.tested)} same-day links stands out"
    first = family.found[0]
    return (
        f"{len(family.found)} of {len(family.tested)} same-day links stand out "
        f"(strongest {first.of} with {first.to}, r {first.value:.2f})"
    )


def _states(family: Family) -> str:
    """Name the strongest link of each state with something the person does."""
    named = []
    for state in _STATES:
        for finding in family.found:
            ends = [str(end).split("=")[0].split(" ")[0] for end in (finding.of, finding.to)]
            if state in ends and set(ends) & _ACTIONS:
                named.append(f"{finding.of} with {finding.to}, r {finding.value:.2f}")
                break
    return f"of states: {', '.join(named)}" if named else "no action is linked with a state"


def _next_day(family: Family) -> str:
    if not family.tested:
        return ""
    if not family.found:
        return f"no action is linked with the next day's state ({len(family.tested)} tests)"
    first = family.found[0]
    return (
        f"{len(family.found)} of {len(family.tested)} links of an action with the next day's state "
        f"stand out (strongest {first.of} with {first.to}, r {first.value:.2f})"
    )
