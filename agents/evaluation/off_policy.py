"""What an agent would reach, estimated from the log alone: fitted Q and doubly robust.

Both know only logged days. They inherit what the log hides: days on which a cell of the
action or the state is missing cannot be used, and bad days are logged less often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from agents.evaluation.behaviour_policy import logged_log_density, smoothed_log_density
from agents.evaluation.bootstrap_intervals import Bootstrap, Interval, clustered_interval
from agents.evaluation.logged_windows import LoggedWindows
from agents.protocol import Agent
from human_wm_env.data.dataset import LogDataset
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.person import actions, observations, schema

ACTION_COLUMNS = np.concatenate(
    [np.arange(schema.ROW_WIDTH)[schema.ROW_SLICES[index]] for index in schema.ACTION_FEATURES]
)
LEFT = observations.PARTS["horizon_left"].start


@dataclass(frozen=True)
class OffPolicyConfig:
    """Settings of fitted Q evaluation and of the doubly robust estimate.

    Attributes:
        updates: gradient steps of each fit.
        batch: days in a step.
        width: of the two hidden layers.
        learning_rate: of Adam.
        target_rate: how fast the target net follows.
        fits: nets, each fitted to other people (drawn with replacement).
        kernel: width of the smoothed policy, in schema scales; 1 bridges a typical day apart.
        slip: share of a category choice that is spread over all categories.
        seed: of nets, batches and people.
    """

    updates: int = 4000
    batch: int = 512
    width: int = 128
    learning_rate: float = 1e-3
    target_rate: float = 0.02
    fits: int = 3
    kernel: float = 0.75
    slip: float = 0.3
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.updates, self.batch, self.width, self.fits) < 1:
            raise ConfigError("updates, batch, width and fits >= 1", f"{self}", "Raise them.")
        if self.kernel <= 0.0 or not 0.0 < self.slip < 1.0:
            raise ConfigError(
                "kernel > 0 and 0 < slip < 1", f"{self.kernel}, {self.slip}", "Correct them."
            )


@dataclass(frozen=True)
class OffPolicyEstimate:
    """What the log says an agent would reach in one window.

    Attributes:
        fitted_q: mean value of the first days, with an interval over people and fits.
        doubly_robust: the same, corrected by what the log contradicts.
        effective_windows: how many windows' worth of weight the correction has on the last
            day, of those complete on it; of a handful, the correction is noise; 0 where no
            window is complete on that day, and it has no correction.
        complete_days: share of the days that could be used.
    """

    fitted_q: Interval
    doubly_robust: Interval
    effective_windows: float
    complete_days: float


class _Value(nn.Module):
    """Q of an observation and a day: days left times a bounded mean reward.

    Args:
        inputs: width of both.
        width: of the hidden layers.
        reward_range: lowest and highest reward of a day.
    """

    def __init__(self, inputs: int, width: int, reward_range: tuple[float, float]) -> None:
        super().__init__()
        self.low, high = reward_range
        self.span = high - self.low
        self.net = nn.Sequential(
            nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
        )
        self.out = nn.Linear(width, 1)

    def forward(self, given: torch.Tensor, days_left: torch.Tensor) -> torch.Tensor:
        share: torch.Tensor = torch.sigmoid(self.out(self.net(given))[:, 0])
        return days_left * (self.low + self.span * share)


def evaluate_off_policy(
    agent: Agent,
    dataset: LogDataset,
    windows: LoggedWindows,
    config: OffPolicyConfig | None = None,
    *,
    fitted_to: LoggedWindows | None = None,
    world_model: str | None = None,
    bootstrap: Bootstrap | None = None,
) -> OffPolicyEstimate:
    """Estimate an agent's return from logged windows.

    Args:
        agent: acts by observations alone, deterministically, without a memory.
        dataset: the log.
        windows: of the people it is judged on.
        config: settings.
        fitted_to: more windows, of any people, to fit Q to; None takes `windows`.
        world_model: whose policy net stands for the people's own behaviour.
        bootstrap: settings of the intervals.

    Raises:
        DataError: hardly a complete day in the windows.

    Source: Le et al. 2019 (fitted Q evaluation); Thomas & Brunskill 2016 (weighted doubly
        robust); Kallus & Zhou 2018 (smoothed deterministic policies).
    """
    config = config or OffPolicyConfig()
    fitting = windows if fitted_to is None else fitted_to
    if fitting.complete.sum() < 2:
        raise DataError("complete days in the log", f"{fitting.complete.sum()}", "Log more.")
    context = bool(agent.env_overrides.get("person_context", False))
    state = windows.seen(True)
    chosen = _chosen(agent, windows.seen(context))  # (windows, days + 1, 7)
    people, who = np.unique(fitting.users, return_inverse=True)
    q_first, corrections = [], []
    ratios = _weights(dataset, windows, chosen, config, world_model)
    for fit in range(config.fits):
        rng = np.random.default_rng(np.random.SeedSequence([config.seed, fit]))
        drawn = np.bincount(rng.integers(len(people), size=len(people)), minlength=len(people))
        net = _fit(agent, fitting, context, drawn[who], config, fit)
        days = windows.days
        left = np.broadcast_to(days - np.arange(days + 1), chosen.shape[:2])
        value = _predict(net, state, chosen, left)
        done = _predict(net, state[:, :-1], windows.actions, left[:, :-1])
        residual = np.where(windows.complete, windows.rewards + value[:, 1:] - done, 0.0)
        q_first.append(value[:, 0])
        corrections.append((ratios * residual).sum(axis=1))
    fitted = np.stack(q_first)  # (fits, windows)
    robust = fitted + fitted.shape[1] * np.stack(corrections)
    last = ratios[:, -1]
    return OffPolicyEstimate(
        clustered_interval(fitted, windows.users, bootstrap),
        clustered_interval(robust, windows.users, bootstrap),
        float(last.sum() ** 2 / (last**2).sum()) if last.any() else 0.0,
        float(windows.complete.mean()),
    )


def _chosen(agent: Agent, seen: np.ndarray) -> np.ndarray:
    agent.reset(len(seen))
    acted = [agent.act(np.ascontiguousarray(seen[:, day])) for day in range(seen.shape[1])]
    return np.stack(acted, axis=1)


def _days_of(acted: np.ndarray) -> np.ndarray:
    """Return actions as encoded days, float32 (n, columns)."""
    return schema.encode_rows(actions.decode(acted))[:, ACTION_COLUMNS]


def _fit(
    agent: Agent,
    windows: LoggedWindows,
    context: bool,
    weight: np.ndarray,
    config: OffPolicyConfig,
    fit: int,
) -> _Value:
    """Fit Q to the complete days, each at a random number of days left."""
    rng = np.random.default_rng(np.random.SeedSequence([config.seed, fit, 1]))
    torch_rng = torch.Generator().manual_seed(config.seed * 1000 + fit)
    seen, state = windows.seen(context), windows.seen(True)
    window, day = np.nonzero(windows.complete)
    chances = weight[window] / weight[window].sum()
    now, after = state[window, day], state[window, day + 1]
    seen_after = seen[window, day + 1]
    done_days = _days_of(windows.actions[window, day])
    rewards = windows.rewards[window, day]
    inputs = now.shape[1] + done_days.shape[1]
    net, target = (_Value(inputs, config.width, windows.reward_range) for _ in range(2))
    for parameter in net.parameters():
        with torch.no_grad():
            bound = parameter.shape[-1] ** -0.5
            parameter.uniform_(-bound, bound, generator=torch_rng)
    target.load_state_dict(net.state_dict())
    optimiser = torch.optim.Adam(net.parameters(), lr=config.learning_rate)
    horizon = windows.days
    for _ in range(config.updates):
        some = rng.choice(len(rewards), config.batch, p=chances)
        left = rng.integers(1, horizon + 1, config.batch)
        before, then, looked = now[some], after[some], seen_after[some]
        before[:, LEFT] = left / horizon
        then[:, LEFT] = looked[:, LEFT] = (left - 1) / horizon
        next_day = _days_of(agent.act(looked))
        with torch.no_grad():
            following = target(_joined(then, next_day), torch.as_tensor(left - 1.0))
            goal = torch.as_tensor(rewards[some]) + following
        loss = ((net(_joined(before, done_days[some]), torch.as_tensor(left)) - goal) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for slow, fast in zip(target.parameters(), net.parameters(), strict=True):
                slow.lerp_(fast, config.target_rate)
    return net


def _joined(state: np.ndarray, day: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([state, day], axis=1, dtype=np.float32))


def _predict(net: _Value, state: np.ndarray, acted: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return Q, (windows, days)."""
    flat = state.reshape(-1, state.shape[-1])
    days = _days_of(acted.reshape(-1, acted.shape[-1]))
    with torch.no_grad():
        values = net(_joined(flat, days), torch.from_numpy(left.reshape(-1).astype(float)))
    found: np.ndarray = values.numpy().reshape(left.shape)
    return found


def _weights(
    dataset: LogDataset,
    windows: LoggedWindows,
    chosen: np.ndarray,
    config: OffPolicyConfig,
    world_model: str | None,
) -> np.ndarray:
    """Return weights (windows, days) that sum to 1 over the windows complete on each day.

    The product, up to each day, of how much likelier the smoothed policy makes the logged
    cells than the person's own policy does; 0 where the day is not complete.
    """
    behaviour = logged_log_density(dataset, windows, world_model)
    rows = windows.rows.reshape(-1, schema.FEATURE_COUNT)
    mask = windows.observed.reshape(rows.shape)
    wanted = actions.decode(chosen[:, :-1].reshape(-1, chosen.shape[-1]))
    target = smoothed_log_density(wanted, rows, mask, width=config.kernel, slip=config.slip)
    log_ratio = (target.reshape(behaviour.shape) - behaviour).sum(axis=2)
    total = np.where(windows.complete, np.cumsum(log_ratio, axis=1), -np.inf)
    highest = total.max(axis=0)
    weights = np.exp(total - np.where(np.isfinite(highest), highest, 0.0))
    # A day on which no window is complete has no weights.
    return np.asarray(weights / np.maximum(weights.sum(axis=0), np.finfo(float).tiny))
