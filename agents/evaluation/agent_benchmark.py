"""The benchmark of agents: trained, judged in every world, and kept, so that it can go on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from agents.differentiable_world import MakeDifferentiable
from agents.env_config import EnvConfig
from agents.episode_starts import draw_starts
from agents.evaluation.artifact_cache import ArtifactCache
from agents.evaluation.benchmark_entries import (
    BACKPROP,
    DISTILLED,
    BenchmarkConfig,
    BenchmarkEntry,
    benchmark_entries,
)
from agents.evaluation.benchmark_report import BenchmarkResults
from agents.evaluation.degraded_policies import policies_of_all_qualities
from agents.evaluation.episode_cache import is_made_of, starts_digest
from agents.evaluation.evaluate import FIT_WINDOWS
from agents.evaluation.fingerprints import (
    agent_digest,
    as_text,
    env_identity,
    model_digest,
    people_version,
)
from agents.evaluation.off_policy import OffPolicyConfig
from agents.evaluation.off_policy_agents import estimate_agents
from agents.planning.best_constant import BestConstantConfig
from agents.planning.oracle_planner import OraclePlanner
from agents.protocol import Agent
from agents.rollout import Episodes
from human_wm_env.files.reading import read_json
from human_wm_env.files.writing import write_whole
from human_wm_env.people.embedded import Dataset

# Their first seeds are estimated from the log.
LOG_GROUPS = ("ppo dream", "ppo dream context", BACKPROP, DISTILLED)


class AgentBenchmark:
    """Trains and judges all agents; what the folder holds is not made again.

    Args:
        config: who takes part, and on whom they are judged.
        folder: keeps trained agents, episodes and estimates.
        dataset: a data set object in place of the worlds' own.
        say: gets a line for what is made anew.
        differentiable: see `Session`; for agents that learn by gradients of the dream.
    """

    def __init__(
        self,
        config: BenchmarkConfig,
        folder: Path,
        *,
        dataset: Dataset | None = None,
        say: Callable[[str], object] = lambda line: None,
        differentiable: MakeDifferentiable | None = None,
    ) -> None:
        self.config, self._folder, self._dataset, self._say = config, folder, dataset, say
        starts = draw_starts(
            replace(config.simulator, split="test"),
            people=config.people,
            episodes_per_person=config.episodes_per_person,
            seed=config.seed,
            dataset=dataset,
        )
        self._artifacts = ArtifactCache(
            folder, starts, dataset=dataset, say=say, differentiable=differentiable
        )
        untrained = self._artifacts.untrained_model(config.dream.world_model)
        self.entries = benchmark_entries(config, str(untrained), self._artifacts.agent_folder)

    @cached_property
    def reference_policies(self) -> dict[str, Agent]:
        """Policies of all qualities, by name; the best constant day is searched."""
        search = BestConstantConfig(self.config.search)
        entry = BenchmarkEntry("best_constant", "best_constant", search, self.config.simulator)
        return policies_of_all_qualities(self._artifacts.agent(entry))

    @property
    def policies(self) -> int:
        """How many are judged: the oracle, the references and all that are trained."""
        return 1 + len(self.reference_policies) + len(self.entries)

    def run(
        self, progress: Callable[[str, int], object] = lambda name, done: None
    ) -> BenchmarkResults:
        """Train and judge all agents.

        Args:
            progress: gets the name of a policy, with 0 before and 1 after it was judged.
        """
        config = self.config
        found: dict[str, dict[str, Episodes]] = {}
        worlds = {"dream": config.dream, "simulator": config.simulator}
        if config.second_opinion is not None:
            worlds["second opinion"] = replace(config.dream, world_model=config.second_opinion)

        def judge(world: str, env: EnvConfig, name: str, agent: Agent) -> None:
            found.setdefault(world, {})[name] = self._artifacts.episodes(world, env, name, agent)

        oracle = OraclePlanner(config.oracle, config.simulator.reward_weights)
        progress("oracle", 0)
        judge("simulator", config.simulator, "oracle", oracle)
        progress("oracle", 1)
        for name, agent in self.reference_policies.items():
            progress(name, 0)
            for world, env in worlds.items():
                judge(world, env, name, agent)
            progress(name, 1)
        for entry in self.entries:
            progress(entry.name, 0)
            agent = self._artifacts.agent(entry)
            for world, env in entry.judged_in(worlds).items():
                judge(world, env, entry.name, agent)
                if world not in worlds:  # a world of its own: its habit is needed there
                    judge(world, env, "habit", self.reference_policies["habit"])
            progress(entry.name, 1)
        return BenchmarkResults(self.entries, found)

    def estimate_from_log(
        self, results: BenchmarkResults, settings: OffPolicyConfig
    ) -> dict[str, dict[str, Any]]:
        """Return off-policy estimates of a few agents beside the returns in the worlds.

        Estimates are kept, and made again where they were made of other things.
        """
        config, model = self.config, self.config.dream.world_model
        fitted_to = draw_starts(
            replace(config.simulator, split="train"),
            people=None,
            episodes_per_person=FIT_WINDOWS,
            seed=config.seed,
            dataset=self._dataset,
        )
        chosen = {name: self.reference_policies[name] for name in ("typical day", "best_constant")}
        for entry in estimated_from_log(results.entries, config.ppo.seed):
            chosen[entry.name] = self._artifacts.agent(entry)
        starts = self._artifacts.starts
        made_of = as_text(
            {
                "settings": asdict(settings),
                "bootstrap": asdict(config.bootstrap),
                "starts": [starts_digest(some) for some in (starts, fitted_to)],
                "env": env_identity(config.simulator),
                "world_model": model_digest(model),
                "agents": {name: agent_digest(agent) for name, agent in chosen.items()},
                "people": people_version(),
            }
        )
        file = self._folder / "off_policy.json"
        note = self._folder / "made_of" / file.name
        if is_made_of(note, made_of, self._say) and file.is_file():
            estimates = dict(cast(Mapping[str, Any], read_json(file)))
        else:
            note.unlink(missing_ok=True)
            estimates = estimate_agents(
                chosen,
                config.simulator,
                starts,
                settings,
                fitted_to=fitted_to,
                world_model=model,
                bootstrap=config.bootstrap,
                dataset=self._dataset,
                say=self._say,
            )
            write_whole(file, json.dumps(estimates, indent=2).encode())
            write_whole(note, made_of.encode())
        for name, estimate in estimates.items():
            estimate["returns"] = {
                world: float(of[name].returns.mean())
                for world, of in results.episodes.items()
                if name in of
            }
        return estimates


def estimated_from_log(entries: Sequence[BenchmarkEntry], seed: int) -> list[BenchmarkEntry]:
    """Return who is estimated from the log: first seeds of agents from the dream."""
    return [e for e in entries if e.group in LOG_GROUPS and getattr(e.config, "seed", None) == seed]
