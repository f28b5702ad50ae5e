"""Rows about training: a step of a recurrent VAE in MLX (with our scan, and plain), and torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optim
import torch

from human_wm_cli.benchmarks.timer import Job, interleaved
from human_wm_cli.console import Row
from world_model.nets.gru import BiGRU

PEOPLE, HIDDEN = 32, 64
INPUTS, LATENTS, CONTEXT, OUTPUTS = 77, 80, 6, 64
RATE = 1e-3


class PlainBiGRU(nn.Module):
    """Both directions with mlx.nn.GRU."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.forward, self.backward = nn.GRU(inputs, hidden), nn.GRU(inputs, hidden)

    def __call__(self, days: mx.array) -> mx.array:
        """Return (people, days, 2 * hidden)."""
        return mx.concatenate([self.forward(days), self.backward(days[:, ::-1])[:, ::-1]], axis=-1)


class RecurrentVAE(nn.Module):
    """Encoder and decoder of the VRAE's kind: GRU, posterior, GRU, outputs."""

    def __init__(self, gru: Callable[[int, int], nn.Module]) -> None:
        super().__init__()
        self.encoder = gru(INPUTS, HIDDEN)
        self.posterior = nn.Linear(2 * HIDDEN, 2 * LATENTS)
        self.decoder = gru(LATENTS + CONTEXT, HIDDEN)
        self.out = nn.Linear(2 * HIDDEN, OUTPUTS)

    def loss(
        self, days: mx.array, context: mx.array, target: mx.array, noise: mx.array
    ) -> mx.array:
        """Return the negative ELBO with unit Gaussians."""
        states = self.encoder(days).mean(axis=1)
        mean, log_variance = mx.split(self.posterior(states), 2, axis=1)
        latents = mean + mx.exp(0.5 * log_variance) * noise
        spread = mx.broadcast_to(latents[:, None], (*context.shape[:2], LATENTS))
        out = self.out(self.decoder(mx.concatenate([spread, context], axis=-1)))
        divergence = 0.5 * (mean**2 + mx.exp(log_variance) - 1.0 - log_variance).sum()
        return ((out - target) ** 2).sum() + divergence


class TorchVAE(torch.nn.Module):
    """The same in torch."""

    def __init__(self) -> None:
        super().__init__()
        gru = partial(torch.nn.GRU, batch_first=True, bidirectional=True)
        self.encoder = gru(INPUTS, HIDDEN)
        self.posterior = torch.nn.Linear(2 * HIDDEN, 2 * LATENTS)
        self.decoder = gru(LATENTS + CONTEXT, HIDDEN)
        self.out = torch.nn.Linear(2 * HIDDEN, OUTPUTS)

    def loss(
        self,
        days: torch.Tensor,
        context: torch.Tensor,
        target: torch.Tensor,
        noise: torch.Tensor,
    ) -> torch.Tensor:
        """Return the negative ELBO with unit Gaussians."""
        states = self.encoder(days)[0].mean(dim=1)
        mean, log_variance = self.posterior(states).chunk(2, dim=1)
        latents = mean + torch.exp(0.5 * log_variance) * noise
        spread = latents[:, None].expand(-1, context.shape[1], -1)
        out = self.out(self.decoder(torch.cat([spread, context], dim=-1))[0])
        divergence = 0.5 * (mean**2 + torch.exp(log_variance) - 1.0 - log_variance).sum()
        return ((out - target) ** 2).sum() + divergence


def mlx_job(gru: Callable[[int, int], nn.Module], days: int) -> Job:
    """One training step in MLX: loss, gradients, Adam."""
    mx.random.seed(0)
    model, optimizer = RecurrentVAE(gru), optim.Adam(learning_rate=RATE)
    data = [
        mx.random.normal((PEOPLE, days, INPUTS)),
        mx.random.normal((PEOPLE, days, CONTEXT)),
        mx.random.normal((PEOPLE, days, OUTPUTS)),
        mx.random.normal((PEOPLE, LATENTS)),
    ]
    step = nn.value_and_grad(model, model.loss)

    def run() -> None:
        loss, gradients = step(*data)
        optimizer.update(model, gradients)
        mx.eval(loss, model.parameters(), optimizer.state)

    return Job(run)


def torch_job(days: int) -> Job:
    """One training step in torch."""
    torch.manual_seed(0)
    model = TorchVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    data = [
        torch.randn(PEOPLE, days, INPUTS),
        torch.randn(PEOPLE, days, CONTEXT),
        torch.randn(PEOPLE, days, OUTPUTS),
        torch.randn(PEOPLE, LATENTS),
    ]

    def run() -> None:
        optimizer.zero_grad()
        model.loss(*data).backward()
        optimizer.step()

    return Job(run)


def training_rows(lengths: list[int], repeats: int) -> list[Row]:
    """Measure one training step at several numbers of days, float seconds."""
    rows: list[Row] = []
    for days in lengths:
        jobs = {
            "ours s": mlx_job(BiGRU, days),
            "torch s": torch_job(days),
            "mlx.nn.GRU s": mlx_job(PlainBiGRU, days),
        }
        seconds = interleaved(jobs, repeats if days < 500 else max(1, repeats // 2))
        rows.append(
            {
                "training step": f"{days} days",
                **seconds,
                "ours / torch": seconds["ours s"] / seconds["torch s"],
                "mlx.nn.GRU / ours": seconds["mlx.nn.GRU s"] / seconds["ours s"],
            }
        )
    return rows
