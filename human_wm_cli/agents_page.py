"""The benchmark of agents as a page of Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from agents.evaluation.summary_table import interval_text
from human_wm_cli.console import Facts, markdown_table

_NOTE_ON_EXPLOITS = """
Gains over habit are paired over the same episodes: in the dream of the temperature that the find
was searched in (habit there, too), and in the simulator, which has all its noise. An exploit
is a find that surely beats habit in that dream, but may lose to it in the simulator (lower ends
of the two intervals above and below 0), whatever the oracle planner gains; or one with a higher
mean gain in that dream than the oracle's in the simulator, and a negative one there.
"""


def agents_page(found: Facts) -> str:
    """Return the tables of a benchmark's report.

    Args:
        found: what `benchmark_report.report` returns, with `off_policy` where it was estimated.
    """
    parts = [_agents(found["table"]), _transfer(found["transfer"]), _pairs(found["pairs"])]
    parts += [_sweep(name, rows) for name, rows in found["sweeps"].items() if rows]
    parts += [_exploits(found["exploits"]), _verdicts(found["verdicts"])]
    if "off_policy" in found:
        parts.append(_off_policy(found["off_policy"]))
    return "\n".join(part for part in parts if part)


def _agents(table: Sequence[Facts]) -> str:
    # Agents that were run by different commands may have them in different orders.
    components = sorted(table[0]["components"])
    rows = [
        (
            row["agent"],
            row["runs"],
            _interval(row["return"]),
            _interval(row["score"], digits=1),
            _interval(row["iqm"]),
            _interval(row.get("dream return")),
            _interval(row.get("inflation")),
            " / ".join(f"{row['components'][name]:.2f}" for name in components),
        )
        for row in table
    ]
    head = (
        *("agent", "runs", "return", "score", "IQM", "return in the dream", "inflation"),
        " / ".join(components),
    )
    return _table("Agents, in the simulator", head, rows) + _note_on_intervals(table)


def _note_on_intervals(table: Sequence[Facts]) -> str:
    note = (
        "\nIntervals resample people and, where there are several, training seeds; inflation "
        "the same seeds in both worlds. That of the IQM resamples start days and seeds within "
        "each person."
    )
    bare = [row["agent"] for row in table if "low" not in row["iqm"]]
    if bare:
        note += (
            " It is left out where no person has two episodes (one seed, one start day a person): "
            "there is nothing to resample then."
        )
    return note + "\n"


def _transfer(transfer: dict[str, Facts]) -> str:
    rows = [
        (
            world,
            found["policies"],
            _interval(found["rank_correlation"], 3),
            found["median_inflation"],
        )
        for world, found in transfer.items()
    ]
    head = ("world", "policies", "rank correlation with the simulator", "median inflation")
    return _table("Do worlds rank policies as the simulator does?", head, rows)


def _pairs(worlds: Mapping[str, Sequence[Facts]]) -> str:
    rows = [
        (
            world,
            _size(*found["points"]),
            found["pairs"],
            found["ranked_alike"],
        )
        for world, sizes in worlds.items()
        for found in sizes
    ]
    head = ("world", "difference in the simulator, points", "pairs", "share ranked alike")
    return _table("Which differences are ranked as in the simulator?", head, rows)


def _size(begin: float, end: float | None) -> str:
    return f"above {begin:g}" if end is None else f"{begin:g} to {end:g}"


def _sweep(name: str, rows: Sequence[Facts]) -> str:
    head = (name, "in that dream", "habit there", "in the simulator", "habit there")
    return _table(
        f"PPO trained in dreams of one {name}",
        head,
        [
            (
                f"{row[name]:g}",
                _interval(row["dream"]),
                f"{row['dream habit']:.2f}",
                _interval(row["simulator"]),
                f"{row['simulator habit']:.2f}",
            )
            for row in rows
        ],
    )


def _exploits(finds: Sequence[Facts]) -> str:
    rows = [
        (
            find["name"],
            f"{find['temperature']:g}",
            _interval(find["dream_gain"]),
            _interval(find["truth_gain"]),
            "yes" if find["is_exploit"] else "no",
        )
        for find in finds
    ]
    head = (
        *("found by", "temperature", "over habit in that dream"),
        *("over habit in the simulator", "exploit"),
    )
    table = _table("The exploit search", head, rows)
    return table + _NOTE_ON_EXPLOITS if table else ""


def _verdicts(verdicts: Facts) -> str:
    rows = [(name, _text(value)) for name, value in verdicts.items()]
    return _table("Verdicts", ("what", "measured"), rows)


def _off_policy(estimates: dict[str, Facts]) -> str:
    rows = [
        (
            name,
            _interval(found["fitted_q"]),
            _interval(found["doubly_robust"]),
            f"{found['effective_windows']:.1f}",
            *(_text(found["returns"].get(world)) for world in _worlds(estimates)),
        )
        for name, found in estimates.items()
    ]
    head = ("agent", "fitted Q", "doubly robust", "effective windows", *_worlds(estimates))
    return _table("From the log alone, beside the worlds", head, rows)


def _worlds(estimates: dict[str, Facts]) -> list[str]:
    """Return the worlds that all agents were judged in, without those of single settings."""
    every = [set(found["returns"]) for found in estimates.values()]
    return sorted(set.intersection(*every))


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [[_text(cell) for cell in row] for row in rows]
    return f"## {title}\n\n{markdown_table(head, lines)}\n" if lines else ""


def _interval(value: Mapping[str, float] | None, digits: int = 2) -> str:
    return "" if value is None else interval_text(value, digits)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return _interval(value)
    return f"{value:.2f}" if isinstance(value, float) else str(value)
