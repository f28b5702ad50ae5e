"""Run `humanwm export-minari`."""

import sys

from human_wm_cli.main import run_command

if __name__ == "__main__":
    run_command("export-minari", sys.argv[1:])
