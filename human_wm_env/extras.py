"""Which extra of the distribution brings which library, and the error where one is missing.

The base installation holds what steps environments: NumPy, Gymnasium, safetensors and numba.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from human_wm_env.errors import MissingExtraError

EXTRA_OF = {
    "omegaconf": "cli",
    "yaml": "cli",
    "tqdm": "cli",
    "matplotlib": "plot",
    "tensorboard": "plot",
    "pandas": "data",
    "pyarrow": "data",
    "mlx": "train",
    "scipy": "train",
    "scoringrules": "train",
    "torch": "agents",
    "stable_baselines3": "agents",
    "sb3_contrib": "agents",
    "cma": "agents",
    "lightgbm": "forecasts",
    "optuna": "sweep",
    "openai": "llm",
    "minari": "minari",
}


@contextlib.contextmanager
def extras_named(extra: str | None = None) -> Iterator[None]:
    """Turn a missing library into an error that names the extra which brings it.

    A context or, as `@extras_named()`, a decorator of functions that import what they draw or
    train with.

    Args:
        extra: the one to be named; None is that of the missing library.

    Raises:
        MissingExtraError: a library of an extra is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRA_OF or isinstance(error, MissingExtraError):
            raise
        extra = extra or EXTRA_OF[library]
        raise MissingExtraError(
            f"the extra `{extra}`",
            f"an installation without {library}",
            f"pip install 'humanwm[{extra}]' brings it.",
        ) from error
