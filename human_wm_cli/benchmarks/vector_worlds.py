"""Rows about dreams of any environment: steps a second, and training steps of V and M."""

from __future__ import annotations

import importlib.util
import math

import gymnasium as gym
import numpy as np
import torch
from torch.nn import functional

from human_wm_cli.benchmarks.timer import Job, interleaved
from human_wm_cli.console import Row
from human_wm_env.random_streams import Stream
from human_wm_env.vector_dream.architecture import VectorArchitecture
from human_wm_env.vector_dream.checkpoint import VectorCheckpoint
from human_wm_env.vector_dream.task import ActionCode, Task
from human_wm_env.vector_dream.world import VectorDreamWorld
from world_model.vector.config import VectorModelConfig
from world_model.vector.nets import MDNRNN, VAE
from world_model.vector.rnn_stage import RNNStage
from world_model.vector.train import fit_normaliser, untrained_weights
from world_model.vector.vae_stage import VAEStage
from world_model.vector.windows import Windows

SLOTS = 1000
# Entries of an observation, of an action, and of z.
SIZES = {"Pendulum-v1": (3, 1, 3), "Hopper-v5": (11, 3, 11), "Humanoid-v5": (348, 17, 32)}
FREE_STEPS = 20  # of MuJoCo's own, in a timed run
RATE = 1e-3


def vector_world_rows(names: list[str], steps: int, repeats: int) -> list[Row]:
    """Measure environments of these sizes, with nets that nobody trained.

    Args:
        names: keys of SIZES.
        steps: of a timed dream.
        repeats: turns.

    Returns:
        A row an environment: dream steps a second of 1000 slots, with one member a step and with
        the uncertainty of all, those of one real one (null without MuJoCo), and seconds of a
        training step of V and of M here and in torch.
    """
    rows: list[Row] = []
    for name in names:
        observation, action, latent = SIZES[name]
        size = VectorModelConfig(latent=latent).architecture(observation, action, observation)
        jobs = {
            "dream": _dream(name, size, steps, uncertainty=False),
            "dream, all members": _dream(name, size, steps, uncertainty=True),
            "V s": _v_job(size),
            "V torch s": _torch_job(_TorchVAE(size), _v_data(size)),
            "M s": _m_job(size),
            "M torch s": _torch_job(_TorchMDNRNN(size), _m_data(size)),
        }
        if importlib.util.find_spec("mujoco") is not None or name == "Pendulum-v1":
            jobs["one real one"] = _real(name)
        found = interleaved(jobs, repeats)
        speeds = {
            f"{label}, steps/s": jobs[label].units / found.pop(label)
            for label in ("dream", "dream, all members", "one real one")
            if label in found
        }
        rows.append(
            {
                "world": name,
                **speeds,
                **found,
                "V, ours / torch": found["V s"] / found["V torch s"],
                "M, ours / torch": found["M s"] / found["M torch s"],
            }
        )
    return rows


def _dream(name: str, size: VectorArchitecture, steps: int, *, uncertainty: bool) -> Job:
    code = ActionCode((-1.0,) * size.action, (1.0,) * size.action)
    task = Task(name, size.observation, code, 10**6)
    starts = np.zeros((1, size.observation), dtype=np.float32)
    drawn = np.random.default_rng(0).standard_normal((256, size.observation))
    weights = untrained_weights(size) | fit_normaliser(drawn)
    checkpoint = VectorCheckpoint(task, size, weights, starts, True, {})
    world = VectorDreamWorld(checkpoint, uncertainty=uncertainty)
    streams = [Stream((0, slot, 0), (0, slot, 0)) for slot in range(SLOTS)]
    first, _ = world.reset([starts[0]] * SLOTS, streams)
    actions = np.zeros((SLOTS, size.action), dtype=np.float32)

    def run() -> None:
        state = first
        for _ in range(steps):
            state = world.step(state, actions).state

    return Job(run, units=SLOTS * steps)


def _real(name: str) -> Job:
    env = gym.make(name)
    action = np.zeros(env.action_space.shape or (), dtype=np.float32)

    def run() -> None:
        env.reset(seed=0)
        for _ in range(FREE_STEPS):
            env.step(action)

    return Job(run, units=FREE_STEPS)


def _v_data(size: VectorArchitecture) -> list[np.ndarray]:
    rng, rows = np.random.default_rng(0), VectorModelConfig().vae.batch_people
    shapes = (rows, size.observation), (rows, size.latent)
    return [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]


def _v_job(size: VectorArchitecture) -> Job:
    """One epoch of one batch: loss, gradients, Adam."""
    x = _v_data(size)[0]
    active = np.ones(size.observation, dtype=np.float32)
    config = VectorModelConfig(dropout=0.0)  # as its twin, which drops no units
    stage = VAEStage(VAE(size, x), x, x, active, config)
    return Job(lambda: stage.train_epoch(0, np.random.default_rng(0)))


def _m_data(size: VectorArchitecture) -> list[np.ndarray]:
    rng, config = np.random.default_rng(0), VectorModelConfig()
    shape = (config.rnn.batch_people, config.window)
    return [
        rng.standard_normal((shape[0], shape[1] + 1, size.latent), dtype=np.float32),
        rng.standard_normal((*shape, size.action), dtype=np.float32),
        rng.standard_normal(shape, dtype=np.float32),
        np.zeros(shape, dtype=np.float32),
    ]


def _m_job(size: VectorArchitecture) -> Job:
    """One epoch of one batch: loss, gradients, Adam."""
    z, actions, rewards, ends = _m_data(size)
    valid = np.ones_like(rewards)
    windows = Windows(z, np.full_like(z, 0.1), actions, rewards, ends, valid)
    rnn = MDNRNN(size, np.ones(size.latent, dtype=np.float32))
    stage = RNNStage(rnn, windows, windows, (0.0, 1.0), VectorModelConfig())
    return Job(lambda: stage.train_epoch(0, np.random.default_rng(0)))


def _torch_job(model: _TorchVAE | _TorchMDNRNN, data: list[np.ndarray]) -> Job:
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    batch = [torch.from_numpy(each) for each in data]

    def run() -> None:
        optimiser.zero_grad()
        model.loss(*batch).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimiser.step()

    return Job(run)


class _TorchVAE(torch.nn.Module):
    """V in torch: a linear code with an MLP beside it each way."""

    def __init__(self, size: VectorArchitecture) -> None:
        super().__init__()
        x, z, wide = size.observation, size.latent, size.vae_hidden
        self.to_code, self.back = torch.nn.Linear(x, z), torch.nn.Linear(z, x)
        self.encoder, self.decoder = _mlp(x, wide, wide // 2, 2 * z), _mlp(z, wide // 2, wide, x)

    def loss(self, x: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Return the negative evidence bound, as `VAEStage` has it."""
        bent, log_variance = self.encoder(x).chunk(2, dim=1)
        mean = bent + self.to_code(x)
        z = mean + torch.exp(0.5 * log_variance) * noise
        square = ((self.back(z) + self.decoder(z) - x) ** 2).sum(dim=1).mean() / x.shape[1]
        kl = 0.5 * (mean**2 + torch.exp(log_variance) - 1.0 - log_variance).mean(dim=0).sum()
        return 0.5 * x.shape[1] * torch.log(square + 1e-4) + kl


def _mlp(width: int, first: int, second: int, out: int) -> torch.nn.Sequential:
    return torch.nn.Sequential(
        torch.nn.Linear(width, first),
        torch.nn.ReLU(),
        torch.nn.Linear(first, second),
        torch.nn.ReLU(),
        torch.nn.Linear(second, out),
    )


class _TorchMembers(torch.nn.Module):
    """An ensemble of MLPs with two hidden layers on the same inputs."""

    def __init__(self, members: int, inputs: int, hidden: int, out: int) -> None:
        super().__init__()
        self.members = members
        shapes = (inputs, hidden), (hidden, hidden), (hidden, out)
        self.weights = torch.nn.ParameterList(
            [torch.randn(members, *shape) * math.sqrt(2.0 / shape[0]) for shape in shapes]
        )
        self.biases = torch.nn.ParameterList(
            [torch.zeros(members, 1, shape[1]) for shape in shapes]
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (members, n, out)."""
        hidden = x.expand(self.members, *x.shape)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            hidden = functional.relu(hidden) if layer < 2 else hidden
        return hidden


class _TorchMDNRNN(torch.nn.Module):
    """M in torch: torch's GRU, and ensembles of heads."""

    def __init__(self, size: VectorArchitecture) -> None:
        super().__init__()
        z, a, h = size.latent, size.action, size.memory
        self.memory = torch.nn.GRU(z + a, h, batch_first=True)
        self.next = _TorchMembers(size.members, z + a + h, size.hidden, 3 * size.mixtures * z)
        self.outcome = _TorchMembers(size.members, 2 * z + a + h, size.outcome_hidden, 2)
        self._size = size

    def loss(
        self, z: torch.Tensor, actions: torch.Tensor, rewards: torch.Tensor, ends: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss of `RNNStage`, every window for every member."""
        size, before, after = self._size, z[:, :-1], z[:, 1:]
        states = self.memory(torch.cat([before, actions], dim=-1))[0]
        h = torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], dim=1)
        before, after, actions, h = (
            part.reshape(-1, part.shape[-1]) for part in (before, after, actions, h)
        )
        raw = self.next(torch.cat([before, actions, h], dim=1))
        parts = raw.reshape(size.members, -1, 3, size.latent, size.mixtures)
        log_scale = parts[:, :, 2].clamp(-6.0, 2.0)
        apart = ((after - before)[None, :, :, None] - parts[:, :, 1]) * torch.exp(-log_scale)
        each = functional.log_softmax(parts[:, :, 0], dim=-1) - log_scale - 0.5 * apart**2
        nats = -torch.logsumexp(each, dim=-1).sum(dim=-1).mean()
        told = self.outcome(torch.cat([before, actions, after, h.detach()], dim=1))
        square = ((told[..., 0] - rewards.reshape(1, -1)) ** 2).mean()
        ended = ends.reshape(1, -1).expand(told.shape[:2])
        return (
            nats + 0.5 * square + functional.binary_cross_entropy_with_logits(told[..., 1], ended)
        )
