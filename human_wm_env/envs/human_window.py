"""The window of render_mode="human", for any world that draws frames."""

from __future__ import annotations

from typing import Any

import numpy as np

from human_wm_env.errors import ConfigError
from human_wm_env.extras import extras_named


class HumanWindow:
    """A matplotlib window that shows one frame after another.

    Args:
        title: of the window.
        seconds: that each frame is shown at least.

    Raises:
        ConfigError: matplotlib can open no window here.
        MissingExtraError: matplotlib is not installed.
    """

    def __init__(self, title: str, seconds: float) -> None:
        with extras_named("plot"):
            from matplotlib import pyplot
        self._pyplot, self._seconds, self._title = pyplot, seconds, title
        self._figure: Any = None
        self._image: Any = None
        probe = pyplot.figure()  # also loads the back end
        framework = probe.canvas.required_interactive_framework
        pyplot.close(probe)
        if framework is None:
            raise ConfigError(
                'a screen for render_mode="human"',
                f"matplotlib's back end {pyplot.get_backend()}, which opens no windows",
                'Use render_mode="rgb_array" or "ansi", or install a GUI toolkit such as tkinter.',
            )

    def show(self, frame: np.ndarray) -> None:
        """Show a frame, uint8 (height, width, 3)."""
        if self._figure is None:
            height, width = frame.shape[:2]
            self._figure = self._pyplot.figure(self._title, figsize=(width / 100, height / 100))
            axis = self._figure.add_axes((0, 0, 1, 1))
            axis.set_axis_off()
            self._image = axis.imshow(frame)
            self._figure.show()
        self._image.set_data(frame)
        self._figure.canvas.draw_idle()
        self._figure.canvas.start_event_loop(self._seconds)

    def close(self) -> None:
        """Close the window, if one was opened."""
        if self._figure is not None:
            self._pyplot.close(self._figure)
            self._figure = None
