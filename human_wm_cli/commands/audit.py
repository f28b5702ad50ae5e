"""Audit logs before anything is trained: what can be learned from them at all."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

from human_wm_cli.console import Facts, Row, print_report, run_script, say
from human_wm_cli.data import DataConfig, load_dataset, provenance
from human_wm_cli.run import RunConfig, RunFolder
from human_wm_env.person import schema
from human_wm_env.wording import counted, counted_people
from world_model import Audit, AuditConfig, audit_logs, verdict_of
from world_model.audit import Family
from world_model.audit.signals import VALENCE

SHOWN_LINKS = 15
FOUND = "*"


@dataclass(frozen=True)
class AuditDataConfig:
    """Settings of the command.

    Attributes:
        data: the logs.
        audit: permutations and levels.
        run: the folder of the run.
        json: print one JSON object instead of tables.
    """

    data: DataConfig = field(default_factory=DataConfig)
    audit: AuditConfig = field(default_factory=AuditConfig)
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False


def feature_rows(audited: Audit) -> list[Row]:
    """Return one row a feature (and one for the valence of mood), a star on what was found."""
    rows: list[Row] = []
    uniform = {one.feature: one for one in audited.uniformity}
    missing = {one.feature: one for one in audited.missingness}
    for name in (*schema.FEATURE_NAMES, VALENCE):
        row: dict[str, str | None] = {"feature": name}
        if name in missing:
            row["missing"] = f"{100 * missing[name].share:.0f}%"
            row["gap, days"] = f"{missing[name].mean_run_days:.1f}"
        row["ICC"] = _starred(audited.people, name)
        row["lag 1"] = _starred(audited.memory, name)
        row["weekday"] = _starred(audited.weekday, name)
        if name in uniform:
            row["uniform?"] = "yes" if uniform[name].looks_uniform else "no"
        rows.append(row)
    return rows


def _starred(family: Family, name: str) -> str | None:
    finding = family.named(name)
    if finding is None:
        return None
    return f"{finding.value:.3f}{FOUND if family.is_found(finding) else ''}"


def link_rows(families: Sequence[Family]) -> list[Row]:
    """Return the strongest links that were found, of each family."""
    return [
        {
            "of": finding.of,
            "with": finding.to,
            "r": f"{finding.value:.3f}",
            "days": finding.days,
            "z": finding.z,
            "p": finding.p,
        }
        for family in families
        for finding in family.found[:SHOWN_LINKS]
    ]


def links_of(audited: Audit) -> tuple[Family, ...]:
    """Return the kinds of links: on one day, with the next day's state, with what is logged."""
    return (audited.same_day, audited.next_day, audited.logged)


def to_metrics(audited: Audit) -> Facts:
    """Return all numbers, and which findings count."""
    metrics = asdict(audited)
    for name, value in vars(audited).items():
        if isinstance(value, Family):
            for finding, entry in zip(value.findings, metrics[name]["findings"], strict=True):
                entry["found"] = value.is_found(finding)
            metrics[name]["tested"] = len(value.tested)
            metrics[name]["found"] = len(value.found)
    for one, entry in zip(audited.uniformity, metrics["uniformity"], strict=True):
        entry["looks_uniform"] = one.looks_uniform
    return metrics


def print_tables(audited: Audit) -> None:
    """Print what was found."""
    people = counted_people(audited.users)
    tested = counted_people(audited.tested_people)
    print_report(
        feature_rows(audited),
        title=f"{audited.name}: {people}, {counted(audited.person_days, 'person-day')}; "
        f"{FOUND} stands out from chance ({tested} tested)",
    )
    scope = "within people" if audited.within_people else "over all rows"
    links = links_of(audited)
    counts = ", ".join(f"{len(family.found)} of {len(family.tested)}" for family in links)
    print_report(
        link_rows(links),
        title=f"\nLinks {scope}, the strongest {SHOWN_LINKS} of a kind (found on one day, with "
        f"the next day's state, with what is logged: {counts})",
    )
    plausible = audited.plausibility
    print_report(
        [
            {
                "what": "sleep + activity over 24 h",
                "share": _percent(plausible.over_24_hours),
                "days": plausible.sleep_and_activity_days,
            },
            {
                "what": "stride outside 0.3 to 2 m",
                "share": _percent(plausible.odd_stride),
                "days": plausible.stride_days,
            },
            *(
                {"what": f"{name} outside the schema's bounds", "share": _percent(share)}
                for name, share in plausible.outside_bounds.items()
            ),
        ],
        title="\nImpossible or unlikely",
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.2f}%"


def main(config: AuditDataConfig) -> None:
    """Say what can be learned from logs: data=embedded, or data.source=path/to/daily.csv."""
    with RunFolder("audit_data", config, config.run) as run:
        dataset = load_dataset(config.data)
        began = time.monotonic()
        audited = audit_logs(dataset, config.audit)
        sentence = verdict_of(audited)
        metrics = {
            "verdict": sentence,
            "seconds": round(time.monotonic() - began, 1),
            "data": provenance(config.data, dataset),
            "audit": to_metrics(audited),
        }
        run.write_metrics(metrics)
        run.table("verdict", feature_rows(audited), sentence)
        run.table("links", link_rows(links_of(audited)), "The strongest links")
        run.conclude({"links_found": sum(len(family.found) for family in links_of(audited))})
        if config.json:
            print_report([], json=True, result=metrics)
        else:
            print_tables(audited)
            print(f"\n{sentence}", flush=True)
        say(f"All numbers: {run.path / 'metrics.json'}")


run = partial(run_script, main, AuditDataConfig, "audit_data", path="data.source")
