"""The card of a run: its figures as sentences and tables."""

from __future__ import annotations

from human_wm_cli.console import Facts, Row, table


def controller_rows(judged: Facts, names: list[str] | None = None) -> list[Row]:
    """Return a row a controller, the best in reality first."""
    chosen = judged["controllers"] if names is None else names
    rows = [_row(name, judged["controllers"][name]) for name in chosen]
    return sorted(rows, key=lambda row: -float(row["real"] or 0.0))


def _row(name: str, found: Facts) -> Row:
    row: dict[str, str | float | None] = {"controller": name}
    for world in ("dream", "real"):
        row[world] = found[world]["return"]["mean"]
        row[f"{world}, 95%"] = _ends(found[world]["return"])
    return {**row, "steps dreamed": found["dream"]["length"], "steps real": found["real"]["length"]}


def _ends(interval: Facts | None) -> str | None:
    if interval is None or interval.get("low") is None:
        return None
    return f"[{interval['low']:.4g}, {interval['high']:.4g}]"


def _with_ends(interval: Facts | None) -> str:
    if interval is None:
        return "not sure to differ from 0"
    return " ".join([f"{interval['mean']:.3g}", _ends(interval) or ""]).strip()


def card(result: Facts) -> str:
    """Return the text of the card."""
    of_v, of_m, judged = result["v"], result["m"], result["verdict"]
    one, ten, ends = of_m["one_step"], of_m["ten_steps"], of_m["outcomes"]
    lines = [
        f"World model of {result['env']['env_id']} {result['env']['kwargs'] or ''}".rstrip(),
        f"{result['steps']} real steps in {result['rounds']} round(s), "
        f"{result['episodes']} episodes; held-out episodes below.",
        "",
        f"V  variance explained {of_v['variance_explained']:.4f} "
        f"(PCA of its size {of_v['pca']:.4f}), {of_v['active_units']} active units, "
        f"{of_v['kl_nats']:.1f} nats",
        f"M  one step: log likelihood {one['log_likelihood']:.2f}; over linear-Gaussian "
        f"{_with_ends(one['over_linear_gaussian'])}, over no change "
        f"{_with_ends(one['over_no_change'])}",
    ]
    if ten is not None:
        lines.append(
            f"   ten steps: energy score {ten['energy_score']:.3f}; less than linear-Gaussian by "
            f"{_with_ends(ten['linear_gaussian_minus_ours'])}, than no change by "
            f"{_with_ends(ten['no_change_minus_ours'])}"
        )
    r2 = ends["reward_r2"]
    lines += [
        f"   reward R2 {'-' if r2 is None else f'{r2:.3f}'}; "
        f"ends foretold {ends['ends_foretold']:.1f} of {ends['ends_seen']}",
        "",
        f"{judged['compared']} controllers in dream and reality: rank correlation "
        f"{_with_ends(judged['rank_correlation'])}",
        *(
            f"inflation of {name}: {_with_ends(found)}"
            for name, found in judged["inflation"].items()
        ),
        *(
            f"episode length, dreamed over real, under {name}: {_with_ends(found['ratio'])}"
            for name, found in judged["episode_length"].items()
        ),
        *(
            f"each real step under {name}: "
            + ", ".join(f"{part} {value:.3g}" for part, value in found.items())
            for name, found in judged["told"].items()
            if found
        ),
        "exploits: "
        + (", ".join(n for n, one in judged["exploits"].items() if one["is_exploit"]) or "none")
        + " (they gain over chance in the dream and may lose to it in reality)",
        f"best by the dream: {judged['best']}",
        "",
        table(controller_rows(judged)),
    ]
    if result["full"] is not None:
        lines += ["", *_full(result["full"])]
    return "\n".join(lines) + "\n"


def _full(found: Facts) -> list[str]:
    rows = [
        _row(f"CMA-ES at temperature {one['temperature']:g}", one) for one in found["temperatures"]
    ]
    rows.append(_row("CMA-ES, almost no noise (exploit search)", found["exploit_search"]))
    rows.append(_row("CMA-ES in the dream of an untrained M", found["untrained_m"]))
    return [table(rows)]
