"""Run `humanwm pretrain`."""

import sys

from human_wm_cli.main import run_command

if __name__ == "__main__":
    run_command("pretrain", sys.argv[1:])
