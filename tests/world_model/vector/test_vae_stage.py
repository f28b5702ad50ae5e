from __future__ import annotations

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest

from tests.human_wm_env.vector_dream.small import SIZE, batch
from world_model.training.config import StageConfig
from world_model.vector.config import VectorModelConfig
from world_model.vector.nets import VAE
from world_model.vector.vae_stage import VAEStage

CONFIG = VectorModelConfig(vae=StageConfig(epochs=1, learning_rate=1e-2, batch_people=8))
ACTIVE = np.array([1.0, 1.0, 0.0], np.float32)


def stage(config: VectorModelConfig = CONFIG, seen: int = 20) -> VAEStage:
    mx.random.seed(0)
    data = batch(3, seen)
    return VAEStage(VAE(SIZE, data), data, batch(3, 6, seed=9), ACTIVE, config)


@pytest.mark.parametrize(("beta", "free"), [(1.0, 0.0), (0.5, 0.0), (2.0, 1.5)])
def test_the_bound_by_hand(beta: float, free: float) -> None:
    made = stage(replace(CONFIG, beta=beta, free_nats=free))
    x, noise = batch(3, 6), batch(2, 6)
    mean, log_variance = (np.array(part) for part in made.learner.encode(mx.array(x)))
    z = mean + np.exp(0.5 * log_variance) * noise
    apart = (np.array(made.learner.decode(mx.array(z))) - x)[:, :2]
    square = (apart**2).mean()
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1.0 - log_variance).mean(axis=0)
    expected = 0.5 * 2.0 * np.log(square + 1e-4) + beta * np.maximum(kl, free).sum()
    found = [float(part) for part in made._loss(mx.array(x), mx.array(noise))]
    assert found == pytest.approx([expected, square, kl.sum()], rel=1e-4)


def test_an_epoch_passes_whole_batches_and_learns() -> None:
    made = stage()
    before = made.validate(0)
    assert before == made.validate(5)  # the same noise each time
    found = [made.train_epoch(epoch, np.random.default_rng(epoch)) for epoch in range(30)]
    assert made._batches == 2 and list(found[0]) == list(VAEStage.parts)
    assert found[-1][VAEStage.parts[0]] < found[0][VAEStage.parts[0]]
    assert made.validate(0) != before
    assert stage(seen=5)._batch == 5


def test_dropout_masks_the_first_hidden_layers_in_training_only() -> None:
    made = stage(replace(CONFIG, dropout=0.25))
    same = stage()
    assert made.validate(0) == same.validate(0)
    kept = made._dropout_masks(np.random.default_rng(0))
    widths = (SIZE.vae_hidden, SIZE.vae_hidden // 2)
    for one, width in zip(kept, widths, strict=True):
        assert one is not None and one.shape == (8, width)
        assert set(np.array(one).ravel().tolist()) <= {0.0, np.float32(1.0 / 0.75).item()}
    assert same._dropout_masks(np.random.default_rng(0)) == [None, None]
    first = made.train_epoch(0, np.random.default_rng(0))
    assert first != same.train_epoch(0, np.random.default_rng(0))
    x, noise = mx.array(batch(3, 8)), mx.array(batch(2, 8))
    everything = [mx.zeros((8, width)) for width in widths]
    # After training, with every unit masked, the MLPs give a constant; without a mask they do not.
    _, log_variance = made.learner.encode(x, everything[0])
    assert np.allclose(log_variance, np.array(log_variance)[:1], atol=1e-7)
    assert np.ptp(np.array(made.learner.encode(x)[1]), axis=0).min() > 1e-4
    assert np.allclose(
        made.learner.decoder.bent(noise, everything[1]),
        made.learner.decoder.bent(noise[:1], everything[1][:1]),
        atol=1e-7,
    )
    assert np.ptp(np.array(made.learner.decoder.bent(noise)), axis=0).max() > 1e-4
    assert float(made._loss(x, noise, *everything)[0]) != float(made._loss(x, noise)[0])
