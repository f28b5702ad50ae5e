"""TensorBoard: the one place that writes events."""

from human_wm_cli.dashboard.dashboard import Dashboard as Dashboard
