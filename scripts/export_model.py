"""Run `humanwm export-model`."""

import sys

from human_wm_cli.main import run_command

if __name__ == "__main__":
    run_command("export-model", sys.argv[1:])
