"""The audit in one sentence."""

from __future__ import annotations

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from world_model.audit.audit import Audit, audit
from world_model.audit.config import AuditConfig
from world_model.audit.findings import Family

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
        more = [*_untested(audited), *_untested_features(audited), *_warnings(audited)]
        return _sentence(f"{nothing})", more)
    parts = [
        _phrase(
            audited.people,
            "people differ in {found} of {tested} features "
            "(most in {first.of}, ICC {first.value:.2f})",
            nothing="people differ in none of {tested} features",
            untested="whether people differ cannot be tested",
            features=True,
        ),
        _phrase(
            audited.same_day,
            "{found} of {tested} same-day links stand out "
            "(strongest {first.of} with {first.to}, r {first.value:.2f})",
            nothing="none of {tested} same-day links stands out",
        ),
        _states(audited.same_day),
        _phrase(
            audited.memory,
            "a day resembles the last in {found} of {tested} "
            "(most in {first.of}, lag-1 {first.value:.2f})",
            nothing="no day resembles the last",
            features=True,
        ),
        _phrase(
            audited.weekday,
            "weekdays differ (most in {first.of}, {first.value:.0%} of its variance)",
            nothing="weekdays do not differ",
        ),
        _phrase(
            audited.next_day,
            "{found} of {tested} links of an action with the next day's state stand out "
            "(strongest {first.of} with {first.to}, r {first.value:.2f})",
            nothing="no action is linked with the next day's state ({tested} tests)",
        ),
    ]
    known = [part for part in parts if part]
    more = [*known[1:], *_untested_features(audited), *_warnings(audited)]
    return _sentence(f"Something to learn: {known[0]}", more)


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


def _untested_features(audited: Audit) -> list[str]:
    """Name features that were logged, on too few days for any test of their links."""
    ends = [
        str(end).split("=")[0].split(" ")[0]
        for family in (audited.same_day, audited.next_day)
        for finding in family.tested
        for end in (finding.of, finding.to)
    ]
    logged = [
        one.feature
        for one in audited.missingness
        if one.feature in schema.FEATURE_NAMES and one.share < 1.0
    ]
    untested = [name for name in logged if name not in ends]
    if not untested:
        return []
    return [f"too few days, links not tested: {', '.join(untested)}"]


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


def _phrase(
    family: Family, something: str, *, nothing: str, untested: str = "", features: bool = False
) -> str:
    """Fill in how many were tested and found, and the strongest; of features alone if asked."""
    tested, found = (
        [one for one in each if not features or one.of in schema.FEATURE_NAMES]
        for each in (family.tested, family.found)
    )
    if not tested:
        return untested
    phrase = something if found else nothing
    first = found[0] if found else None
    return phrase.format(tested=len(tested), found=len(found), first=first)


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
