"""The command line: `humanwm`, its settings, run folders and tables."""
