"""The `humanwm` command: one word names what to do, the others are its settings."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

import human_wm_cli.one_thread  # noqa: F401 (before NumPy)
from human_wm_env.errors import ConfigError, did_you_mean

# Name on the command line, and module in `human_wm_cli.commands`: imported when it is asked for.
COMMANDS = {
    "pretrain": "pretrain",
    "train": "train",
    "evaluate": "evaluate",
    "audit": "audit",
    "report": "report",
    "demo": "demo",
    "evaluate-forecasts": "evaluate_forecasts",
    "experiments": "experiments",
    "check-uniform": "check_uniform",
    "benchmark": "benchmark",
    "benchmark-agents": "benchmark_agents",
}


def run_command(name: str, words: Sequence[str]) -> None:
    """Run one command.

    Args:
        name: one of COMMANDS.
        words: settings, such as `model=mini`, or `--help`.
    """
    module = importlib.import_module(f"human_wm_cli.commands.{COMMANDS[name]}")
    module.run(words)


def usage() -> str:
    """Return what `humanwm --help` prints."""
    names = "\n".join(f"  {name}" for name in COMMANDS)
    return (
        "usage: humanwm COMMAND [group=NAME | group.key=value | key=value] ...\n\n"
        f"commands:\n{names}\n\nhumanwm COMMAND --help prints the settings of a command.\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `humanwm` on its command line."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] in ("-h", "--help"):
        print(usage(), end="")
        return
    name, *settings = words
    if name not in COMMANDS:
        error = ConfigError("a command of humanwm", repr(name), did_you_mean(name, COMMANDS))
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        raise SystemExit(2)
    run_command(name, settings)
