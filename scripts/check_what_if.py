"""Run `humanwm check-what-if`."""

import sys

from human_wm_cli.main import run_command

if __name__ == "__main__":
    run_command("check-what-if", sys.argv[1:])
