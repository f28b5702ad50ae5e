"""Settings of a tiny training whose states follow a response."""

from __future__ import annotations

import dataclasses

from tests.world_model import tiny
from world_model.training.config import RolloutConfig, StageConfig, TrainingConfig
from world_model.training.response import ResponseConfig

SMALL = dataclasses.replace(
    tiny.TINY,
    transition="response",
    latent_a=2,
    latent_c=3,
    response_rate_channels=2,
    response_mood_channels=2,
    response_taus=2,
)
RESPONSE = ResponseConfig(
    rate_channels=2, mood_channels=2, rank=3, tau_days=(2.0, 20.0), rounds=1, steps=6
)
ONE = StageConfig(epochs=1, batch_people=4, learning_rate=3e-3)
SHORT = TrainingConfig(
    response=RESPONSE,
    nets=ONE,
    moments=ONE,
    encoder=ONE,
    rollouts=RolloutConfig(weight=1.0, every=1, people=3, draws=2, days=3),
    window_days=24,
    likelihood_days=16,
    decoder_days=8,
    validation_days=48,
    dreamt_people=6,
)
