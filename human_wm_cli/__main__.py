"""`python -m human_wm_cli` is `humanwm`."""

from human_wm_cli.main import main

if __name__ == "__main__":
    main()
