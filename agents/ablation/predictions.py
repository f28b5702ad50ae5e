"""How exactly the head foretells states, and what the agent knows of the hidden rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from gymnasium.vector import AutoresetMode

from agents.env_config import GymEnvConfig, make_vector_env
from agents.evaluation.other_worlds import symbolic_world
from agents.transformer.agent import TransformerAgent
from agents.transformer.objectives import as_state
from human_wm_env.envs.vector_env import VectorEnv
from human_wm_env.errors import ConfigError

RIDGE = 1e-2  # of the linear probe, in units of the features' mean square


@dataclass(frozen=True)
class Watched:
    """Episodes of an agent, with what the world says of them.

    Attributes:
        right: bool (transitions, width), entries of the next state that were foretold.
        determined: bool (transitions, width), entries that follow from what was shown.
        decisive: bool (transitions,), where what the action brings depends on the rule.
        by_action: bool (width,), entries that the agent's action changes.
        read: float32 (episodes, width of the net), what the heads read at the last step.
        rule: int (episodes, n), the hidden rule.
        symbols: how many values each entry of the rule has.
    """

    right: np.ndarray
    determined: np.ndarray
    decisive: np.ndarray
    by_action: np.ndarray
    read: np.ndarray
    rule: np.ndarray
    symbols: int


@torch.no_grad()
def watch(
    agent: TransformerAgent,
    config: GymEnvConfig,
    *,
    episodes: int,
    seed: int,
    at_random: bool = False,
) -> Watched:
    """Let an agent act in a symbolic world, and ask its head before each step.

    Args:
        agent: acts by its likeliest actions.
        config: of the world.
        episodes: side by side.
        seed: of the episodes.
        at_random: take random actions instead, so that the head is asked of all of them.

    Raises:
        ConfigError: the world is not symbolic.
    """
    env = make_vector_env(config, episodes, autoreset=AutoresetMode.NEXT_STEP)
    try:
        world = symbolic_world(env)
        if world is None:
            raise ConfigError("a symbolic world", config.id, "Such as HiddenRule-v0.")
        whole: Any = cast(VectorEnv, env.unwrapped)
        net, codec, rng = agent.net, agent.codec, np.random.default_rng(seed)
        observed, _ = env.reset(seed=seed)
        memory, before = net.begin(), codec.nothing(episodes)
        right, determined, decisive = [], [], []
        for _ in range(world.horizon):
            states = torch.from_numpy(observed)
            read, memory = net.advance(states, before, memory)
            actions = codec.best(net.action_head(read))
            if at_random:
                actions = torch.from_numpy(rng.integers(codec.width, size=episodes))
            encoded = codec.encode(actions)
            asked = net.imagine(states, before, memory, encoded[:, None])[:, 0]
            foretold = as_state(net.world_model_head(asked)[:, :-1], agent.binary).numpy()
            determined.append(world.determined(whole.state, actions.numpy()))
            decisive.append(world.decisive(whole.state))
            last_rule = world.hidden_rule(whole.state)
            observed = env.step(codec.to_env(actions))[0]
            right.append(np.abs(foretold - observed) < 0.5)
            before = encoded
        return Watched(
            right=np.concatenate(right),
            determined=np.concatenate(determined),
            decisive=np.concatenate(decisive),
            by_action=world.entries("action"),
            read=read.numpy(),
            rule=last_rule,
            symbols=world.symbols,
        )
    finally:
        env.close()


def exact_shares(watched: Watched) -> dict[str, float | None]:
    """Return how often all entries that follow were foretold, together and apart.

    Returns:
        "exact" of all entries, "by_action" of those that the action changes, "by_world" of the
        others, and "by_rule" of what the action changes where the rule has a say in it, which
        leaves out what time alone foretells; None where none of them ever follows.
    """
    kinds = {
        "exact": np.ones_like(watched.determined),
        "by_action": watched.by_action,
        "by_world": ~watched.by_action,
        "by_rule": watched.by_action & watched.decisive[:, None],
    }
    found: dict[str, float | None] = {}
    for name, entries in kinds.items():
        counted = watched.determined & entries
        some = counted.any(axis=1)
        exact = (watched.right | ~counted).all(axis=1)
        found[name] = float(exact[some].mean()) if some.any() else None
    return found


def probe(watched: Watched) -> float | None:
    """Return how well a linear map of what the heads read tells the hidden rule.

    A ridge regression onto the one-hot rule is fitted to every second episode and judged on
    the others: the share of entries whose largest output is the right one. Chance is one in
    `symbols`. None where nothing is hidden.
    """
    if watched.rule.shape[1] == 0:
        return None
    read = np.concatenate([watched.read, np.ones((len(watched.read), 1))], axis=1)
    fitted, judged = read[::2].astype(np.float64), read[1::2].astype(np.float64)
    square = fitted.T @ fitted / len(fitted)
    square += RIDGE * np.trace(square) / len(square) * np.eye(len(square))
    hits = []
    for entry in watched.rule.T:
        wanted = np.eye(watched.symbols)[entry[::2] % watched.symbols]
        weights = np.linalg.solve(square, fitted.T @ wanted / len(fitted))
        hits.append((judged @ weights).argmax(axis=1) == entry[1::2] % watched.symbols)
    return float(np.mean(hits))
