"""Draw one person's log and what the dream makes of it: 125 futures, in seconds, no training."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from human_wm_cli.console import Facts, print_report, run_script, say
from human_wm_cli.data import DataConfig, day_setting, load_dataset
from human_wm_env import (
    ConfigError,
    Futures,
    LogDataset,
    NeverLoggedWarning,
    fan_chart,
    imagine_futures,
    never_logged,
)
from human_wm_env.person import schema
from human_wm_env.wording import counted

NAME = "futures"
SHOWN_DAYS = 60
_PICTURES = (".png", ".svg", ".pdf")
_TOLD = {schema.STEPS: ("steps", ",.0f"), schema.SLEEP: ("hours of sleep", ".1f")}
_TOLD |= {schema.MINUTES: ("active minutes", ".0f"), schema.HEART_RATE: ("bpm", ".0f")}


@dataclass(frozen=True)
class FuturesConfig:
    """Settings of the command.

    Attributes:
        data: the logs; a path as the first word is data.source.
        user: id of the person; may be left out where there is one.
        day: the first imagined day, counted from 0 or a date such as 2024-05-01; null is the day
            after the log.
        days: imagined days.
        out: the picture to write: a .png, .svg or .pdf.
        checkpoint: folder of a checkpoint; null is the bundled one.
        draws: independent draws, for bands and shares.
        seed: of latents and noise.
        json: print one JSON object instead of a paragraph.
    """

    data: DataConfig = field(default_factory=DataConfig)
    user: str | None = None
    day: str | None = None
    days: int = 30
    out: str = "futures.png"
    checkpoint: str | None = None
    draws: int = 500
    seed: int = 0
    json: bool = False

    def __post_init__(self) -> None:
        if Path(self.out).suffix not in _PICTURES:
            raise ConfigError(
                f"out=FILE ending in {', '.join(_PICTURES)}", f"out={self.out}", "Rename it."
            )


def main(config: FuturesConfig) -> None:
    """Draw one person's log and 125 imagined futures, by the bundled checkpoint, in seconds.

    Example: humanwm futures examples/me.csv day=2024-04-01 days=30 out=me.png
    """
    logs = load_dataset(config.data)
    user = _user(logs, config.user)
    given = day_setting(config.day)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NeverLoggedWarning)  # the paragraph says it
        futures = imagine_futures(
            logs,
            user,
            "end" if given is None else given,
            world_model=config.checkpoint,
            horizon=config.days,
            seed=config.seed,
            draws=config.draws,
        )
    facts = facts_of(logs, futures, bundled=config.checkpoint is None)
    _draw(
        futures, f"{user}: logged days and {counted(config.days, 'imagined one')}", Path(config.out)
    )
    if config.json:
        print_report([], json=True, result={**facts, "picture": config.out})
    else:
        print(facts["paragraph"], flush=True)
    say(f"Picture: {config.out}")


def _user(logs: LogDataset, user: str | None) -> str:
    if user is None and logs.users > 1:
        named = ", ".join(logs.user_ids[:3]) + (", ..." if logs.users > 3 else "")
        raise ConfigError(
            f"user=ID, one of the {logs.users} people of {logs.name!r}", "none", f"Ids are {named}."
        )
    return logs.user_ids[0 if user is None else logs.index_of(user)]


def _draw(futures: Futures, title: str, out: Path) -> None:
    history = futures.history
    shown = slice(-SHOWN_DAYS, None)
    figure = fan_chart(
        history.rows[shown],
        history.observed[shown],
        draws=futures.draws,
        futures=futures.rows,
        first_day=futures.day,
        first_date=futures.first_date,
        title=title,
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out)
    except OSError as error:
        raise ConfigError(
            "a file that can be written", f"out={out} ({error.strerror})", "Choose another."
        ) from error


def facts_of(logs: LogDataset, futures: Futures, *, bundled: bool) -> Facts:
    """Return what the picture shows, as numbers and as one paragraph."""
    rows, observed = futures.history.rows, futures.history.observed
    days = len(rows)
    with_values = int(observed.any(axis=1).sum())
    first = None if futures.first_date is None else futures.first_date.isoformat()
    horizon = futures.draws.shape[1]
    told: list[str] = []
    apart: list[str] = []
    features: Facts = {}
    for index, (unit, form) in _TOLD.items():
        name = schema.FEATURE_NAMES[index]
        middle, low, high = np.percentile(futures.draws[..., index].mean(axis=1), [50, 5, 95])
        own = rows[observed[:, index], index]
        mean = float(own.mean()) if len(own) else None
        features[name] = {"logged": mean, "median": middle, "5%": low, "95%": high}
        logged = "none logged" if mean is None else f"logged {mean:{form}}"
        told.append(f"{middle:{form}} {unit} ({low:{form}} to {high:{form}}; {logged})")
        if mean is not None and not low <= mean <= high:
            apart.append(unit)
    moods = {
        label: float((futures.draws[..., schema.MOOD] == place).mean())
        for place, label in enumerate(schema.categories(schema.MOOD))
    }
    position = logs.index_of(futures.user)
    missing = never_logged(logs, np.array([position])).by_none
    start = f"from {first}" if first else f"from day {futures.day} of the log"
    parts = [
        f"{futures.user} logged something on {with_values} of {days} days. The picture shows the "
        f"last {min(days, SHOWN_DAYS)} of them and {counted(horizon, 'imagined day')} {start}, if "
        "habits stay as they are. Averages of these days, with 90% of "
        f"{counted(len(futures.draws), 'draw')} in brackets: {', '.join(told)}; moods: "
        + ", ".join(f"{label} {share:.0%}" for label, share in moods.items())
        + "."
    ]
    if apart:
        parts.append(
            f"The logged average of {' and of '.join(apart)} is outside of what is imagined: the "
            "column may be another quantity than in docs/your_own_logs.md (active minutes of any "
            "intensity, the heart rate of the whole day), or the last days differ from the others."
        )
    if missing:
        parts.append(
            f"Never logged, so taken from the population and not about this person: "
            f"{', '.join(missing)}."
        )
    if bundled:
        parts.append(
            "The bundled model learned from simulated people, and no effect of actions on real "
            "people has been shown: this is no health advice."
        )
    return {
        "user": futures.user,
        "day": futures.day,
        "first_date": first,
        "days_logged": days,
        "days_with_values": with_values,
        "days_imagined": horizon,
        "features": features,
        "moods": moods,
        "never_logged": list(missing),
        "paragraph": " ".join(parts),
    }


run = partial(run_script, main, FuturesConfig, NAME, path="data.source")
