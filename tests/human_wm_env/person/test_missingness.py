from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from human_wm_env.errors import ConfigError
from human_wm_env.person import missingness


@pytest.mark.parametrize("setting", ["person", "none", 0, 0.0, 0.37, 0.999])
def test_known_settings_pass(setting: Any) -> None:
    assert missingness.check_masking(setting) == setting


@pytest.mark.parametrize("setting", ["people", 1.0, -0.1, np.nan, True, None])
def test_other_settings_are_refused(setting: Any) -> None:
    with pytest.raises(ConfigError, match="masking"):
        missingness.check_masking(setting)


def test_a_chain_is_fitted_as_by_hand() -> None:
    observed = np.ones((9, 10), dtype=bool)
    observed[2:4] = False  # one gap of two whole days
    observed[6:8, 4] = False  # and one of two nights
    chain = missingness.fit_chain(observed)
    share = 2 / 9
    # Days: 6 of the pairs begin observed, one of them opens a gap; 2 begin lost, one stays.
    assert chain.opening[0, 0] == pytest.approx((1 + 2 * share) / (6 + 2))
    assert chain.staying[0, 0] == pytest.approx((1 + 2 * share) / (2 + 2))
    # Sleep, on the 5 pairs of days that were logged (0-1, 4-5, 5-6, 6-7, 7-8).
    share = 2 / 7
    assert chain.opening[0, 5] == pytest.approx((1 + 2 * share) / (3 + 2))
    assert chain.staying[0, 5] == pytest.approx((1 + 2 * share) / (2 + 2))
    assert not chain.lost.any()


def test_a_lost_day_says_nothing_of_the_features() -> None:
    observed = np.ones((20, 10), dtype=bool)
    observed[15:, 3] = False
    observed[18:] = False
    lost = missingness.fit_chain(observed).lost[0]
    assert lost[0] and lost[4]
    assert lost.sum() == 2


def test_the_next_mask_by_hand() -> None:
    chain = missingness.MaskChain(
        opening=np.full((2, 11), 0.1, np.float32),
        staying=np.full((2, 11), 0.8, np.float32),
        lost=np.array([[False] * 11, [False] + [True] * 10]),
    )
    uniform = np.full((2, 11), 0.5)
    uniform[:, 1] = [0.05, 0.9]
    observed, lost = missingness.next_mask(chain, uniform)
    assert observed[0].tolist() == [False] + [True] * 9
    assert observed[1].tolist() == [True] + [False] * 9
    assert lost.tolist() == [[False, True] + [False] * 9, [False, False] + [True] * 9]
    uniform[0, 0] = 0.05  # the whole day
    assert not missingness.next_mask(chain, uniform)[0][0].any()


def test_the_chain_loses_as_much_as_the_log(small: Any) -> None:
    observed = small.dataset.observed[0]
    chain = missingness.fit_chain(observed)
    tiled = missingness.MaskChain(
        *(np.repeat(part, 4000, axis=0) for part in dataclasses.astuple(chain))
    )
    rng = np.random.default_rng(0)
    for _ in range(40):
        seen, lost = missingness.next_mask(tiled, rng.random((4000, 11)))
        tiled = missingness.MaskChain(tiled.opening, tiled.staying, lost)
    np.testing.assert_allclose(seen.mean(axis=0), observed.mean(axis=0), atol=0.12)


def test_a_fixed_rate_loses_cells_one_by_one() -> None:
    chain = missingness.fixed_rate(0.3)
    uniform = np.linspace(0, 1, 11, endpoint=False)[None]
    observed, _ = missingness.next_mask(chain, uniform)
    assert observed[0].tolist() == (uniform[0, 1:] >= 0.3).tolist()
