"""Run `humanwm collect`."""

import sys

from human_wm_cli.main import run_command

if __name__ == "__main__":
    run_command("collect", sys.argv[1:])
