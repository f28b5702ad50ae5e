"""The `humanwm` command: one word names what to do, the others are its settings."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence

import human_wm_cli.one_thread  # noqa: F401 (before NumPy)
from human_wm_cli.endings import plain_endings
from human_wm_env import __version__
from human_wm_env.errors import ConfigError, MissingExtraError, did_you_mean
from human_wm_env.extras import extras_named

# Each is called after its module in `human_wm_cli.commands`, imported when it is asked for.
COMMANDS = {
    "demo": "the main job in one go; quick=true takes under a minute",
    "pretrain": "train a world model on logs; writes a checkpoint and its model card",
    "train": "train an agent in the dream or in the simulator",
    "collect": "play in any environment with vector observations and keep every episode",
    "vmc": "V, M and controllers of any environment, judged in dream and reality",
    "sweep": "search the settings of an agent's training with Optuna",
    "evaluate": "compare agents with baselines on the same people, days and noise",
    "import": "turn exports of trackers and diaries into a folder of logs",
    "audit": "say what can be learned from logs, before anything is trained",
    "report": "measure a checkpoint on held-out people and write its model card",
    "export-model": "write a checkpoint without what is said of single people",
    "export-minari": "write logs as a Minari data set, for offline learning",
    "evaluate-forecasts": "judge forecasts of held-out days beside a simple baseline",
    "experiments": "train and measure variants of the world model under one budget",
    "futures": "draw one person's log and 125 imagined futures: humanwm futures my_logs.csv",
    "what-if": "say what a change of one person's days would do to them, and how sure that is",
    "check-what-if": "compare its effects with the true ones of the embedded people",
    "interventions": "judge effects of actions on people of other equations, person by person",
    "check-uniform": "show that a world model finds no structure in pure noise",
    "fuzz": "damage files and kill processes, and say what is not refused or does not heal",
    "ablation": "train with and without a world-model head, and say where prediction helps",
    "benchmark": "time environments, imagination and training on this machine",
    "benchmark-agents": "train all agents, judge them in dream and simulator, draw figures",
    "nudge-benchmark": "train agents that send nudges, and judge them over a sweep of compliance",
}

# The extra whose libraries a command cannot do without; a test reads its imports.
EXTRAS = {
    "demo": "all",
    "pretrain": "train",
    "train": "agents",
    "collect": "agents",
    "vmc": "all",
    "sweep": "sweep",
    "evaluate": "agents",
    "import": "data",
    "audit": "train",
    "report": "train",
    "export-model": "cli",
    "export-minari": "minari",
    "evaluate-forecasts": "train",
    "experiments": "train",
    "futures": "plot",
    "what-if": "plot",
    "check-what-if": "plot",
    "interventions": "train",
    "check-uniform": "train",
    "benchmark": "all",
    "ablation": "agents",
    "fuzz": "all",
    "benchmark-agents": "agents",
    "nudge-benchmark": "agents",
}


def run_command(name: str, words: Sequence[str]) -> None:
    """Run one command.

    Args:
        name: one of COMMANDS.
        words: settings, such as `model=mini`, or `--help`.

    A library that is not installed ends the program with one sentence, which names its extra.
    """
    try:
        with plain_endings(), extras_named(EXTRAS[name]):
            importlib.import_module(f"human_wm_cli.commands.{name.replace('-', '_')}").run(words)
    except MissingExtraError as error:
        print(f"humanwm {name} needs {error.expected}; {error.remedy}", file=sys.stderr)
        raise SystemExit(2) from None


def usage() -> str:
    """Return what `humanwm --help` prints."""
    lines = "\n".join(f"  {name:<18}  {about}" for name, about in COMMANDS.items())
    return (
        "usage: humanwm COMMAND [group=NAME | group.key=value | key=value] ...\n\n"
        f"commands:\n{lines}\n\nhumanwm COMMAND --help prints the settings of a command.\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `humanwm` on its command line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name may have letters that it cannot write
        sys.stdout.reconfigure(errors="backslashreplace")
    if not words or words[0] in ("-h", "--help", "--version"):
        with plain_endings():
            print(f"humanwm {__version__}\n" if words[:1] == ["--version"] else usage(), end="")
        return
    name, *settings = words
    if name not in COMMANDS:
        error = ConfigError("a command of humanwm", repr(name), did_you_mean(name, COMMANDS))
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        raise SystemExit(2)
    run_command(name, settings)
