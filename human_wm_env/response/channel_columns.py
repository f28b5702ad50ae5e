"""What states are regressed on, once channels are known: a log's columns, in compiled loops."""

from __future__ import annotations

import numpy as np

from human_wm_env.compiled import compiled
from human_wm_env.response.parameters import CONTEXT_WIDTH


@compiled
def channels_loop(
    values: np.ndarray, pattern: np.ndarray, filled: np.ndarray, channels: np.ndarray
) -> None:
    """Add up the channels of days.

    Args:
        values: float64 (days, WIDTH), 0 where not known.
        pattern: int (days,), which features are known.
        filled: float64 (patterns, WIDTH, channels), what known columns say of the channels.
        channels: float64 (days, channels), zeros.
    """
    for day in range(len(values)):
        for place in range(values.shape[1]):
            value = values[day, place]
            if value != 0.0:
                for channel in range(channels.shape[1]):
                    channels[day, channel] += value * filled[pattern[day], place, channel]


@compiled
def columns_loop(
    days: tuple[np.ndarray, np.ndarray, np.ndarray],
    usual: np.ndarray,
    decay: np.ndarray,
    morning_states: bool,
    kept: np.ndarray,
    columns: tuple[np.ndarray, ...],
) -> None:
    """Write what both states are regressed on, and the memory after the last day.

    Args:
        days: channels, pattern and context of the days; see `_Days`.
        usual: float64 (patterns, 2 * channels), what the person's own mean has in the channels.
        decay: float64 (taus,).
        morning_states: see `basis.remembered`.
        kept: float64 (2, taus, channels), zeros; memory of the night and of the day.
        columns: float64 (days, CONTEXT_WIDTH + taus * channels) of each state, to be written.
    """
    found_channels, pattern, context = days
    rate, mood = columns
    taus, channels = kept.shape[1], kept.shape[2]
    own = (rate.shape[1] - CONTEXT_WIDTH) // taus
    other = channels - own
    today = np.empty(2 * channels)
    for day in range(len(context)):
        for channel in range(2 * channels):
            today[channel] = found_channels[day, channel] - usual[pattern[day], channel]
        for place in range(CONTEXT_WIDTH):
            rate[day, place] = context[day, place]
            mood[day, place] = context[day, place]
        for tau in range(taus):
            share, earlier = 1.0 - decay[tau], tau > 0 and decay[0] == 0.0
            for channel in range(channels):
                night_before, day_before = kept[0, tau, channel], kept[1, tau, channel]
                night = decay[tau] * night_before + share * today[channel]
                after = decay[tau] * day_before + share * today[channels + channel]
                kept[0, tau, channel], kept[1, tau, channel] = night, after
                found = night_before if earlier else night
                found += day_before if earlier or morning_states else after
                if channel < own:
                    rate[day, CONTEXT_WIDTH + tau * own + channel] = found
                else:
                    mood[day, CONTEXT_WIDTH + tau * other + channel - own] = found
