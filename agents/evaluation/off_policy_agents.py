"""Off-policy estimates of several agents from the same windows of a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from agents.env_config import EnvConfig
from agents.episode_starts import Starts, logs_of
from agents.evaluation.bootstrap_intervals import Bootstrap
from agents.evaluation.fingerprints import model_digest
from agents.evaluation.logged_windows import cut_windows
from agents.evaluation.off_policy import OffPolicyConfig, evaluate_off_policy
from agents.protocol import Agent, Plain
from agents.sb3.algorithms import RECIPES
from human_wm_env.people.embedded import Dataset

MEMORYLESS = ("constant", "cma_es", *(name for name in RECIPES if name != "recurrent_ppo"))


def judged_by_logs(agent: Agent, world_model: str | None) -> bool:
    """Say whether an agent can be estimated: by observations alone, always alike, no memory.

    The person in its observations has to be the one that `world_model` sees before the days.
    """
    kind = getattr(agent, "kind", None)
    if kind not in MEMORYLESS or not getattr(agent, "deterministic", True):
        return False
    seeing = agent.env_overrides
    if not seeing.get("person_context", False):
        return True
    same = model_digest(seeing.get("context_model")) == model_digest(world_model)
    return same and seeing.get("context_update", "frozen") == "frozen"


def estimate_agents(
    agents: Mapping[str, Agent],
    env: EnvConfig,
    starts: Starts,
    config: OffPolicyConfig,
    *,
    fitted_to: Starts,
    world_model: str | None = None,
    bootstrap: Bootstrap | None = None,
    dataset: Dataset | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> dict[str, Plain]:
    """Estimate what agents would reach, from the log alone.

    Args:
        agents: by name; deterministic, by observations alone.
        env: data set, horizon and reward weights are read from it.
        starts: of the windows that the agents are judged on.
        config: settings of the estimates.
        fitted_to: of the windows that Q is fitted to.
        world_model: whose policy net stands for the people's own behaviour.
        bootstrap: settings of the intervals.
        dataset: a data set object in place of `env.dataset`.
        say: gets a line for each agent.

    Returns:
        By name, an `OffPolicyEstimate` as plain numbers.
    """
    logs = logs_of(env, dataset)
    judged, more = (
        cut_windows(
            logs,
            some,
            env.horizon,
            world_model=world_model,
            reward_weights=env.reward_weights,
        )
        for some in (starts, fitted_to)
    )
    found = {}
    for name, agent in agents.items():
        say(f"off-policy estimate of {name}")
        estimate = evaluate_off_policy(
            agent,
            logs,
            judged,
            config,
            fitted_to=more,
            world_model=world_model,
            bootstrap=bootstrap,
        )
        found[name] = asdict(estimate)
    return found
