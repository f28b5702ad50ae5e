"""Logged states are likelier under people's own latents than under those of others."""

from __future__ import annotations

import numpy as np

from human_wm_env.data.dataset import LogDataset
from human_wm_env.person import schema
from human_wm_env.response.parameters import response_logs
from human_wm_env.response.posterior import infer
from tests.human_wm_env.response import responses
from world_model.card.response_likelihood import state_likelihoods
from world_model.training.response import ResponseConfig, train_response

PEOPLE, DAYS, WINDOW = 40, 160, 60


def test_own_latents_are_likelier_and_later_days_do_not_matter() -> None:
    rows, observed, weekday = responses.logs(PEOPLE, DAYS)
    config = ResponseConfig(steps=30, rounds=1, rate_channels=2, mood_channels=2, rank=4)
    response = train_response(rows, observed, weekday, config, morning_states=False).parameters
    dataset = LogDataset.from_arrays(rows, observed, start_weekday=weekday[:, 0])
    users, first = np.arange(PEOPLE), np.full(PEOPLE, 80)
    before = response_logs(response, rows[:, :80], observed[:, :80], weekday[:, :80])
    latents = infer(response, before).mean
    found = state_likelihoods(response, dataset, users, first, WINDOW)(latents)
    of_others = state_likelihoods(response, dataset, users, first, WINDOW)(np.roll(latents, 1, 0))
    assert found.shape == (PEOPLE,)
    assert (found - of_others).mean() > 2.0 * (found - of_others).std() / np.sqrt(PEOPLE)

    changed = rows.copy()
    # Actions of the window's last day do not change what is usual of the days before it.
    last, unseen = 80 + WINDOW - 1, observed.copy()
    unseen[:, last, [schema.HEART_RATE, schema.MOOD]] = False
    changed[:, last, schema.SLEEP] += 4.0
    one, other = (
        LogDataset.from_arrays(each, unseen, start_weekday=weekday[:, 0])
        for each in (rows, changed)
    )
    np.testing.assert_array_equal(
        *(state_likelihoods(response, each, users, first, WINDOW)(latents) for each in (one, other))
    )
    logs = response_logs(response, rows, observed, weekday, np.arange(DAYS) < first[:, None])
    np.testing.assert_allclose(logs.own_mean, before.own_mean)
    np.testing.assert_allclose(logs.columns[:, :80], before.columns, atol=1e-6)

    changed = rows.copy()
    changed[:, 80 + WINDOW :, schema.HEART_RATE] += 3.0
    later = LogDataset.from_arrays(changed, observed, start_weekday=weekday[:, 0])
    again = state_likelihoods(response, later, users, first, WINDOW)(latents)
    np.testing.assert_array_equal(again, found)
