"""Agents as folders: weights.safetensors and manifest.json. Loading runs no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from agents.baselines import ConstantAgent, HabitAgent, RandomAgent
from agents.env_config import EnvConfig
from agents.evolution.cma_es import CMAESConfig
from agents.evolution.controller import ControllerAgent, ControllerShape
from agents.planning.cross_entropy import CrossEntropyConfig
from agents.planning.dream_planner import ImaginingPlanner
from agents.planning.model_predictive_control import PlannerConfig
from agents.planning.oracle_planner import OraclePlanner
from agents.protocol import Agent
from agents.sb3.algorithms import RECIPES
from agents.sb3.policy import PolicyAgent
from human_wm_env.errors import CheckpointError, ConfigError
from human_wm_env.person.schema import SCHEMA_VERSION

FORMAT = 1
MANIFEST, WEIGHTS = "manifest.json", "weights.safetensors"
Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class _Kind:
    """How one class of agents is written and read.

    Attributes:
        agent: the class.
        write: returns the manifest's entries and the tensors.
        read: the inverse.
    """

    agent: type
    write: Callable[[Any], tuple[dict[str, Any], Tensors]]
    read: Callable[[Mapping[str, Any], Tensors], Agent]


def save_agent(agent: Agent, folder: Path | str) -> Path:
    """Write an agent into a folder, which is created.

    Raises:
        ConfigError: the agent is of no kind that can be saved, or its nets are not those
            that its settings describe.
    """
    algorithm = getattr(agent, "kind", None)
    if algorithm not in KINDS or type(agent) is not KINDS[algorithm].agent:
        raise ConfigError(
            f"an agent out of {', '.join(sorted(KINDS))}",
            type(agent).__name__,
            "Add it to KINDS in agents/saving.py.",
        )
    entries, tensors = KINDS[algorithm].write(agent)
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.detach().contiguous().cpu() for name, tensor in tensors.items()}
    save_file(weights, path / WEIGHTS)
    manifest = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "algorithm": algorithm,
        "weights_sha256": _digest(path / WEIGHTS),
        **entries,
    }
    text = json.dumps(manifest, indent=2, allow_nan=False)
    (path / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return path


def load_agent(folder: Path | str) -> Agent:
    """Read an agent back; it acts as the saved one did.

    Raises:
        CheckpointError: the folder or a file is missing, damaged, of another version,
            or its manifest and weights do not fit.
    """
    path = Path(folder)
    manifest = _read_manifest(path)
    kind = KINDS.get(str(manifest.get("algorithm")))
    if kind is None:
        raise CheckpointError(
            f"an algorithm out of {', '.join(sorted(KINDS))} in {path / MANIFEST}",
            repr(manifest.get("algorithm")),
            "The folder comes from another version; save the agent again.",
        )
    tensors = _read_weights(path, manifest)
    try:
        return kind.read(manifest, tensors)
    except (ConfigError, KeyError, TypeError, ValueError, RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(
            f"a manifest in {path} that describes its weights",
            f"{type(error).__name__}: {reason}",
            "Save the agent again.",
        ) from error


def _read_manifest(path: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(
            f"the folder of a saved agent, with {MANIFEST}",
            f"{path} ({type(error).__name__})",
            "Give the folder `agent` of a run of scripts/train_agent.py.",
        ) from error
    except ValueError as error:
        raise CheckpointError(
            f"JSON in {path / MANIFEST}", str(error), "The file is damaged: save the agent again."
        ) from error
    versions = {"format": FORMAT, "schema_version": SCHEMA_VERSION}
    found = manifest if isinstance(manifest, dict) else {}
    for name, version in versions.items():
        if found.get(name) != version:
            raise CheckpointError(
                f"{name} {version} in {path / MANIFEST}",
                repr(found.get(name)),
                "The agent comes from another version: train it again.",
            )
    return found


def _read_weights(path: Path, manifest: Mapping[str, Any]) -> Tensors:
    file = path / WEIGHTS
    if not file.is_file():
        raise CheckpointError(f"{WEIGHTS} in {path}", "no such file", "Save the agent again.")
    if _digest(file) != manifest.get("weights_sha256"):
        raise CheckpointError(
            f"{file} with the checksum of its manifest",
            "another checksum",
            "The file is damaged or belongs to another agent: save the agent again.",
        )
    try:
        return load_file(file)
    except SafetensorError as error:
        raise CheckpointError(
            f"safetensors in {file}", str(error), "The file is damaged: save the agent again."
        ) from error


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


# Spaces and configurations as JSON ------------------------------------------------------


def _box_to_json(space: Any) -> dict[str, Any]:
    if not isinstance(space, spaces.Box):
        raise ConfigError("a Box", str(space), 'Make the environment with observation="flat".')
    return {"low": space.low.tolist(), "high": space.high.tolist()}


def _box_from_json(entry: Mapping[str, Any]) -> spaces.Box:
    low, high = (np.array(entry[end], dtype=np.float32) for end in ("low", "high"))
    return spaces.Box(low, high, dtype=np.float32)


# One writer and one reader for each kind of agent -----------------------------------------


def _architecture(policy: Any) -> dict[str, Any]:
    """Return what has to be alike in two policies that act alike with the same weights."""
    return {
        "class": type(policy).__name__,
        **{
            name: getattr(policy, name, None)
            for name in ("activation_fn", "use_sde", "squash_output", "features_extractor_class")
        },
        **{name: tuple(tensor.shape) for name, tensor in policy.state_dict().items()},
    }


def _require_rebuildable(agent: PolicyAgent) -> None:
    policy = agent.policy
    with torch.random.fork_rng(devices=[]):  # a training that is looked at goes on as without
        rebuilt = RECIPES[agent.kind].build_policy(
            policy.observation_space, policy.action_space, agent.config
        )
    wanted, found = _architecture(rebuilt), _architecture(policy)
    other = [name for name in {**wanted, **found} if wanted.get(name) != found.get(name)]
    if other:
        expected, received = (
            ", ".join(f"{name}={facts.get(name)}" for name in other[:4])
            for facts in (wanted, found)
        )
        raise ConfigError(
            f"the nets that the agent's settings describe: {expected}",
            received,
            "Only nets that a recipe builds can be saved: hidden layers of one width, "
            "one of its activations.",
        )


def _write_policy(agent: PolicyAgent) -> tuple[dict[str, Any], Tensors]:
    _require_rebuildable(agent)
    entries = {
        "observation_space": _box_to_json(agent.policy.observation_space),
        "action_space": _box_to_json(agent.policy.action_space),
        "config": asdict(agent.config),
        "env": asdict(agent.env),
        "deterministic": agent.deterministic,
    }
    return entries, agent.policy.state_dict()


def _read_policy(manifest: Mapping[str, Any], tensors: Tensors) -> Agent:
    recipe = RECIPES[manifest["algorithm"]]
    config, env = recipe.config(**manifest["config"]), EnvConfig(**manifest["env"])
    policy = recipe.build_policy(
        _box_from_json(manifest["observation_space"]),
        _box_from_json(manifest["action_space"]),
        config,
    )
    policy.load_state_dict(tensors, strict=True)
    deterministic = bool(manifest["deterministic"])
    return PolicyAgent(recipe.name, policy, config, env, deterministic=deterministic)


def _write_controller(agent: ControllerAgent) -> tuple[dict[str, Any], Tensors]:
    entries = {
        "shape": asdict(agent.shape),
        "config": asdict(agent.config),
        "env": asdict(agent.env),
    }
    return entries, {"parameters": torch.from_numpy(agent.parameters)}


def _read_controller(manifest: Mapping[str, Any], tensors: Tensors) -> Agent:
    return ControllerAgent(
        ControllerShape(**manifest["shape"]),
        tensors["parameters"].numpy(),
        CMAESConfig(**manifest["config"]),
        EnvConfig(**manifest["env"]),
    )


def _planner_config(manifest: Mapping[str, Any]) -> PlannerConfig:
    settings = dict(manifest["config"])
    return PlannerConfig(**{**settings, "search": CrossEntropyConfig(**settings["search"])})


def _write_planner(agent: ImaginingPlanner) -> tuple[dict[str, Any], Tensors]:
    names = ("world_model", "temperature", "reward_weights", "pessimism")
    return {"config": asdict(agent.config), **{name: getattr(agent, name) for name in names}}, {}


def _read_planner(manifest: Mapping[str, Any], tensors: Tensors) -> Agent:
    return ImaginingPlanner(
        _planner_config(manifest),
        world_model=manifest["world_model"],
        temperature=float(manifest["temperature"]),
        reward_weights=manifest["reward_weights"],
        pessimism=float(manifest["pessimism"]),
    )


def _write_oracle(agent: OraclePlanner) -> tuple[dict[str, Any], Tensors]:
    return {"config": asdict(agent.config), "reward_weights": agent.reward_weights}, {}


def _read_oracle(manifest: Mapping[str, Any], tensors: Tensors) -> Agent:
    return OraclePlanner(_planner_config(manifest), manifest["reward_weights"])


def _write_constant(agent: ConstantAgent) -> tuple[dict[str, Any], Tensors]:
    return {"name": agent.name}, {"action": torch.from_numpy(agent.action)}


def _read_constant(manifest: Mapping[str, Any], tensors: Tensors) -> Agent:
    return ConstantAgent(tensors["action"].numpy(), str(manifest["name"]))


def _write_random(agent: RandomAgent) -> tuple[dict[str, Any], Tensors]:
    return {"seed": agent.seed}, {}


def _read_random(manifest: Mapping[str, Any], tensors: Tensors) -> Agent:
    return RandomAgent(int(manifest["seed"]))


def _write_habit(agent: HabitAgent) -> tuple[dict[str, Any], Tensors]:
    return {}, {}


def _read_habit(manifest: Mapping[str, Any], tensors: Tensors) -> Agent:
    return HabitAgent()


KINDS: dict[str, _Kind] = {
    **{name: _Kind(PolicyAgent, _write_policy, _read_policy) for name in RECIPES},
    "cma_es": _Kind(ControllerAgent, _write_controller, _read_controller),
    "planner": _Kind(ImaginingPlanner, _write_planner, _read_planner),
    "oracle": _Kind(OraclePlanner, _write_oracle, _read_oracle),
    "constant": _Kind(ConstantAgent, _write_constant, _read_constant),
    "random": _Kind(RandomAgent, _write_random, _read_random),
    "habit": _Kind(HabitAgent, _write_habit, _read_habit),
}
