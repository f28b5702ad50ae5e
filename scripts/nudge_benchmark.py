"""Run `humanwm nudge-benchmark`."""

import sys

from human_wm_cli.main import run_command

if __name__ == "__main__":
    run_command("nudge-benchmark", sys.argv[1:])
