"""What gaps say of moods: as the nets take it, in the ordinal likelihood, and in posteriors."""

from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest

from human_wm_env.person import schema
from human_wm_env.person.gap_events import gap_events
from human_wm_env.person.history import History
from human_wm_env.response.gap_evidence import GapEvidence
from human_wm_env.response.inference import ResponseInference
from human_wm_env.response.ordinal import score
from human_wm_env.response.parameters import MOOD_ORDER, response_logs
from human_wm_env.response.posterior import infer
from tests.human_wm_env.response import responses
from world_model.nets.missingness import Missingness

ROWS, OBSERVED, WEEKDAY = responses.logs(4, 90)
GAPS = GapEvidence(np.array([0.5, 0.4, -0.3, -0.6]), np.full(11, 0.08))
CUTPOINTS = np.array([-0.5, 0.3, 1.1])


def test_it_is_the_evidence_that_nets_take() -> None:
    nets = Missingness()
    by_category = np.empty(4, dtype=np.float32)
    by_category[list(MOOD_ORDER)] = GAPS.log_odds
    nets.mood_log_odds = mx.array(by_category)
    nets.opening = mx.array(GAPS.opening.astype(np.float32))
    events = gap_events(OBSERVED)
    opened, held = (each.astype(np.float32) for each in (events.opened, events.held))
    gaps = opened.sum(axis=1)
    at_risk = gaps + held.sum(axis=1)
    expected = np.array(nets.evidence(*(mx.array(each) for each in (opened, held, gaps, at_risk))))
    np.testing.assert_allclose(GAPS.of(events), expected[..., list(MOOD_ORDER)], atol=1e-4)


def test_the_likelihood_given_evidence_by_hand() -> None:
    """Slope and information are those of the tilted probabilities."""
    mean, level = np.array([0.2, -1.0, 2.0]), np.array([3, 0, 1])
    evidence = np.log(np.array([[1.0, 2.0, 0.5, 0.25], [4.0, 1.0, 1.0, 2.0], [1.0, 1.0, 1.0, 1.0]]))

    def tilted(mean: np.ndarray) -> np.ndarray:
        plain = [score(mean, np.full(3, k), CUTPOINTS).log_likelihood for k in range(4)]
        odds = np.exp(np.stack(plain, axis=1) + evidence)
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    found, step = score(mean, level, CUTPOINTS, evidence), 1e-5
    shares, slopes = tilted(mean), (tilted(mean + step) - tilted(mean - step)) / (2.0 * step)
    who = np.arange(3)
    np.testing.assert_allclose(found.log_likelihood, np.log(shares[who, level]), atol=1e-9)
    np.testing.assert_allclose(found.slope, (slopes / shares)[who, level], atol=1e-6)
    np.testing.assert_allclose(found.information, (slopes**2 / shares).sum(axis=1), atol=1e-6)
    plain = score(mean, level, CUTPOINTS)
    np.testing.assert_allclose(found.slope[2], plain.slope[2], atol=1e-12)


def test_posteriors_take_it_into_account_alike() -> None:
    plain = responses.parameters(ROWS, OBSERVED)
    parameters = replace(plain, gaps=GAPS)
    logs = response_logs(parameters, ROWS, OBSERVED, WEEKDAY)
    exact = infer(parameters, logs)
    histories = [History(*log) for log in zip(ROWS, OBSERVED, WEEKDAY, strict=True)]
    found = ResponseInference(parameters)(histories)
    np.testing.assert_allclose(found.mean, exact.mean, atol=1e-4)
    without = infer(plain, response_logs(plain, ROWS, OBSERVED, WEEKDAY))
    # Who is logged on good days is less happy than their log.
    assert (exact.mean[:, -1] < without.mean[:, -1]).all()


@pytest.mark.parametrize("day", [40, 90])
def test_a_beginning_knows_its_own_gaps_only(day: int) -> None:
    parameters = replace(responses.parameters(ROWS, OBSERVED), gaps=GAPS)
    whole = History(ROWS[0], OBSERVED[0], WEEKDAY[0])
    cut = History(ROWS[0, :day], OBSERVED[0, :day], WEEKDAY[0, :day])
    infer_person = ResponseInference(parameters)
    one, other = infer_person.of_beginnings(whole, np.array([day])), infer_person([cut])
    np.testing.assert_allclose(one.mean, other.mean, atol=1e-6)


def test_gaps_that_say_nothing_change_nothing() -> None:
    silent = replace(GAPS, log_odds=np.zeros(4))
    evidence = silent.of(gap_events(OBSERVED))
    np.testing.assert_allclose(evidence, evidence[..., :1] * np.ones(4))
    assert OBSERVED[..., schema.MOOD].any()
