"""All seeds of the ablation as numbers for a table, and as one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from agents.ablation.statistics import gain_interval, improvement_interval, iqm_interval
from agents.ablation.tasks import HEAD, NO_HEAD, PLANNED, REWARDED
from agents.evaluation.bootstrap_intervals import Bootstrap, Interval
from agents.protocol import Plain

# results[task][configuration] is a list of what `run_cell` measured, a seed each.
Results = Mapping[str, Mapping[str, Sequence[Plain]]]
ORDER = (NO_HEAD, HEAD, REWARDED, PLANNED)
COLOURS = {NO_HEAD: "#4269d0", HEAD: "#efb118", REWARDED: "#6cc5b0", PLANNED: "#ff725c"}


def summarise(results: Results, bounds: Mapping[str, float], bootstrap: Bootstrap) -> list[Plain]:
    """Return a row of numbers for each task and configuration.

    Args:
        results: of all seeds.
        bounds: share of the optimum that the true transition gets, by task.
        bootstrap: settings of the intervals.

    Returns:
        Shares of the optimum at the end and over the training, with intervals over seeds; the
        gains over NO_HEAD in both (over the training of likeliest actions, judged at the same
        updates), the probability of improvement and the standard deviation; what the head
        foretells; means over seeds of shares elsewhere and of the probe.
    """
    rows = []
    for task, configurations in results.items():
        unaided = configurations.get(NO_HEAD, ())
        base = _column(unaided, "share")
        for name in (name for name in ORDER if name in configurations):
            cells = configurations[name]
            share = _column(cells, "share")
            row: Plain = {
                "task": task,
                "configuration": name,
                "seeds": len(cells),
                "share": asdict(iqm_interval(share, bootstrap)),
                "deviation": float(share.std(ddof=1)) if len(share) > 1 else None,
                "true_transition": bounds.get(task),
            }
            if name != NO_HEAD and len(base):
                row["gain"] = asdict(gain_interval(share, base, bootstrap))
                row["improvement"] = asdict(improvement_interval(share, base, bootstrap))
                if all("judged_in_training" in cell for cell in (*cells, *unaided)):
                    own, without = (_column(of, "judged_in_training") for of in (cells, unaided))
                    row["gain_in_training"] = asdict(gain_interval(own, without, bootstrap))
            row |= _of_training(cells, bootstrap)
            if name != PLANNED:
                row |= _of_nets(cells)
            row["elsewhere"] = _mean_tree([cell["elsewhere"] for cell in cells])
            row["predictions"] = _mean_tree([cell.get("predictions", {}) for cell in cells])
            rows.append(row)
    return rows


def _of_training(cells: Sequence[Plain], bootstrap: Bootstrap) -> Plain:
    reached = [cell["updates_to_90"] for cell in cells]
    return {
        "in_training": asdict(iqm_interval(_column(cells, "in_training"), bootstrap)),
        # Never counts as later than all others.
        "updates_to_90": _median([np.inf if one is None else one for one in reached]),
        "solved_in_training": sum(one is not None for one in reached),
    }


def _of_nets(cells: Sequence[Plain]) -> Plain:
    return {
        "entropy": float(np.median(_column(cells, "entropy"))),
        "probe": _mean_tree([{"probe": cell["probe"]} for cell in cells])["probe"],
        "seconds": float(np.mean(_column(cells, "seconds"))),
    }


def _column(cells: Sequence[Plain], name: str) -> np.ndarray:
    return np.array([cell[name] for cell in cells], dtype=float)


def _median(values: list[float]) -> float | None:
    middle = float(np.median(values))
    return middle if np.isfinite(middle) else None


def _mean_tree(trees: Sequence[Any]) -> Any:
    """Return the mean of numbers in nested dicts that are alike; None where one is missing."""
    if isinstance(trees[0], Mapping):
        return {name: _mean_tree([tree[name] for tree in trees]) for name in trees[0]}
    return None if any(value is None for value in trees) else float(np.mean(trees))


def readable(row: Plain) -> dict[str, str]:
    """Return a row of `summarise` as text, for a table."""
    exact = row["predictions"].get("random actions", {})
    share, gain, better = row["share"], row.get("gain"), row.get("improvement")
    sooner = row.get("gain_in_training")
    return {
        "task": row["task"],
        "configuration": row["configuration"],
        "of the optimum": _interval(share),
        "gain over no head": "" if gain is None else _interval(gain, sign=True),
        "gain over the training": "" if sooner is None else _interval(sooner, sign=True),
        "P(better)": "" if better is None else _interval(better),
        "SD": _number(row["deviation"]),
        "over the training": _interval(row["in_training"]),
        "updates to 90%": _updates(row),
        "elsewhere": ", ".join(f"{name} {_number(at)}" for name, at in row["elsewhere"].items()),
        "exact: all / action's / world's / rule's": " / ".join(
            _number(value) for value in exact.values()
        ),
        "probe": _number(row.get("probe")),
        "true transition": _number(row["true_transition"]),
    }


def _updates(row: Plain) -> str:
    reached = row["updates_to_90"]
    text = "-" if reached is None else f"{reached:.0f}"
    return f"{text} ({row['solved_in_training']} of {row['seeds']})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _interval(value: Mapping[str, float], *, sign: bool = False) -> str:
    if sign:
        return f"{value['mean']:+.2f} [{value['low']:+.2f}, {value['high']:+.2f}]"
    return str(Interval(value["mean"], value["low"], value["high"]))


def ablation_figure(results: Results) -> Figure:
    """Draw the trainings of every task, each seed a line."""
    columns = min(3, len(results))
    rows = -(-len(results) // columns)
    figure = Figure(figsize=(4.0 * columns, 2.8 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(results) :]:
        axes.set_visible(False)
    for axes, (task, configurations) in zip(grid.flat, results.items(), strict=False):
        for name in (name for name in ORDER if name in configurations):
            curves = [np.array(cell["curve"]) for cell in configurations[name]]
            for curve in curves:
                axes.plot(*curve.T, color=COLOURS[name], linewidth=0.5, alpha=0.35)
            middle = np.median([curve[:, 1] for curve in curves], axis=0)
            axes.plot(curves[0][:, 0], middle, color=COLOURS[name], linewidth=2, label=name)
        axes.set(title=task, ylim=(0.0, 1.08), xlabel="update")
        axes.axhline(1.0, color="0.7", linewidth=1, zorder=0)
        axes.spines[["top", "right"]].set_visible(False)
    grid[0, 0].set_ylabel("share of the optimum")
    figure.legend(
        *grid[0, 0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=len(ORDER),
        fontsize=8,
        frameon=False,
    )
    return figure
