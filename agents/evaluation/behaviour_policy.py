"""How likely the logged actions were under the person's own policy, as the model learned it."""

from __future__ import annotations

import numpy as np
from scipy.special import log_softmax, logsumexp

from agents.evaluation.logged_windows import LoggedWindows
from human_wm_env.data.dataset import LogDataset
from human_wm_env.model import heads, inputs, memory
from human_wm_env.person import schema
from human_wm_env.runtime.world_model import WorldModelRuntime, load_world_model

LOG_SQRT_TWO_PI = 0.5 * np.log(2.0 * np.pi)


def logged_log_density(
    dataset: LogDataset, windows: LoggedWindows, world_model: str | None = None
) -> np.ndarray:
    """Return log pi_b of the observed action cells, float (windows, days, 7 in ACTION_ORDER).

    pi_b is the world model's policy net at each person's posterior mean before the window;
    its memory runs through the log. A cell that was not logged has log density 0. A
    continuous cell's density is per schema scale.

    Args:
        dataset: the log.
        windows: cut from it.
        world_model: checkpoint folder; None is the bundled one.
    """
    runtime: WorldModelRuntime = load_world_model(world_model)
    histories = [dataset.history(start.user, start.day) for start in windows.starts]
    posterior, remembered = runtime.encode(histories)
    modulation = runtime.policy_modulation(posterior.mean)
    before = np.stack([history.rows[-1] for history in histories])
    seen_before = np.stack([history.observed[-1] for history in histories])
    found = np.zeros((*windows.rewards.shape, len(inputs.ACTION_ORDER)))
    for day in range(windows.days):
        rows, seen = windows.rows[:, day], windows.observed[:, day]
        features = memory.features(remembered)
        if not runtime.architecture.memory:
            features = np.zeros_like(features)
        encoded = schema.encode_rows(rows, seen)
        given = inputs.policy_inputs(
            schema.encode_rows(before, seen_before),
            seen_before,
            features,
            schema.weekday_features(windows.weekday[:, day]),
            encoded[:, inputs.WEATHER_COLUMNS],
        )
        parameters = runtime.policy(given, modulation)[0]
        found[:, day] = row_log_density(
            runtime.action_layout, parameters, runtime.policy.chain[0], rows, seen
        )
        remembered = memory.remember(remembered, rows, seen)
        before, seen_before = rows, seen
    return found


def row_log_density(
    layout: heads.HeadLayout,
    parameters: np.ndarray,
    chain: np.ndarray,
    rows: np.ndarray,
    observed: np.ndarray,
) -> np.ndarray:
    """Return the log density of each cell of rows along the chain, 0 where masked.

    Args:
        layout: of the head.
        parameters: float32 (n, layout.width), before the chain.
        chain: float32 (chain_width, width), masked weights.
        rows: float32 (n, 10), raw rows.
        observed: bool (n, 10).

    Returns:
        float64 (n, features), in the order of the layout.
    """
    order = list(layout.order)
    columns = np.concatenate(
        [np.arange(schema.ROW_WIDTH)[schema.ROW_SLICES[index]] for index in order]
    )
    encoded = schema.encode_rows(rows, observed)[:, columns]
    known = np.concatenate([encoded, observed[:, order]], axis=1, dtype=np.float32)
    shifted = (parameters + known @ chain).astype(float)
    found = np.zeros((len(rows), len(order)))
    for place, index in enumerate(order):
        part, feature = layout.parameters[index], schema.FEATURES[index]
        if isinstance(feature, schema.Continuous):
            logits, means, raw = heads.mixture_columns(part, layout.components)
            value = encoded[:, layout.encoded[index]]
            scale = heads.scale_of(shifted[:, raw])
            inside = -0.5 * ((value - shifted[:, means]) / scale) ** 2 - np.log(scale)
            density = logsumexp(log_softmax(shifted[:, logits], axis=1) + inside, axis=1)
            density = density - LOG_SQRT_TWO_PI
        else:
            picked = np.maximum(rows[:, index], 0.0).astype(np.intp)
            density = log_softmax(shifted[:, part], axis=1)[np.arange(len(rows)), picked]
        found[:, place] = np.where(observed[:, index], density, 0.0)
    return found


def smoothed_log_density(
    chosen: np.ndarray, rows: np.ndarray, observed: np.ndarray, *, width: float, slip: float
) -> np.ndarray:
    """Return the log density of logged cells under a deterministic day that was smoothed.

    A deterministic choice has no density; a kernel around it has one (Kallus & Zhou 2018):
    Gaussians of `width` schema scales, and a share `slip` of a category spread over all.

    Args:
        chosen: float32 (n, 10), raw rows of the evaluated policy.
        rows: float32 (n, 10), logged rows.
        observed: bool (n, 10).
        width: of the kernel.
        slip: in (0, 1).

    Returns:
        float64 (n, 7), in ACTION_ORDER.
    """
    found = np.zeros((len(rows), len(inputs.ACTION_ORDER)))
    for place, index in enumerate(inputs.ACTION_ORDER):
        feature = schema.FEATURES[index]
        if isinstance(feature, schema.Continuous):
            distance = (rows[:, index] - chosen[:, index]) / (feature.scale * width)
            density = -0.5 * distance**2 - np.log(width) - LOG_SQRT_TWO_PI
        else:
            same = rows[:, index] == chosen[:, index]
            density = np.log(slip / feature.width + (1.0 - slip) * same)
        found[:, place] = np.where(observed[:, index], density, 0.0)
    return found
