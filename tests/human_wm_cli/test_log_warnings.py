from __future__ import annotations

import warnings

import pytest

from human_wm_cli.log_warnings import each_shown_once
from human_wm_env import LogWarning, NeverLoggedWarning


def test_what_was_said_of_logs_is_not_said_again() -> None:
    with pytest.warns(Warning) as recorded:
        show = warnings.showwarning
        with each_shown_once():
            for _ in range(3):
                warnings.warn("nobody ever logged mood", NeverLoggedWarning, stacklevel=1)
                warnings.warn("5 cells were masked", LogWarning, stacklevel=1)
                warnings.warn("something else", UserWarning, stacklevel=1)
        assert warnings.showwarning is show
        warnings.warn("5 cells were masked", LogWarning, stacklevel=1)
    assert [str(one.message) for one in recorded] == [
        *("nobody ever logged mood", "5 cells were masked", "something else"),
        *("something else", "something else", "5 cells were masked"),
    ]


def test_a_refused_command_leaves_nothing_behind() -> None:
    show = warnings.showwarning
    with pytest.raises(ValueError, match="refused"), each_shown_once():
        raise ValueError("refused")
    assert warnings.showwarning is show
