"""Who may import whom: scripts -> human_wm_cli -> {agents, world_model} -> human_wm_env."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("human_wm_env", "world_model", "agents", "human_wm_cli", "scripts")
SCRIPTS = {file.stem for file in (ROOT / "scripts").glob("*.py")} | {"scripts", "tests"}
COMMANDS = {"human_wm_cli", *SCRIPTS}
# Rooms from the lowest to the highest: each may import from itself and from those before it.
ROOMS = {
    "human_wm_env": (
        *(
            "errors",
            "wording",
            "extras",
            "settings",
            "files",
            "lazy_names",
            "notebook_html",
            "compiled",
            "random_streams",
        ),
        *(
            "person",
            "data",
            "exports",
            "people",
            "response",
            "model",
            "runtime",
            "worlds",
            "symbolic",
            "vector_dream",
            "nudge",
            "envs",
            "second_family",
        ),
        *("registration", "person_context", "population", "futures", "counterfactual"),
    ),
    "world_model": (
        *("data", "nets", "losses", "imagination", "training", "predecessor"),
        *("export", "training_stages", "pretrained", "forecasters", "card", "audit", "vector"),
        "differentiable_worlds",
    ),
    "agents": (
        *(
            "protocol",
            "space_json",
            "env_config",
            "action_layout",
            "differentiable_world",
            "training_session",
            "tensor_tree",
        ),
        *("episode_starts", "reward_components", "rollout", "saved_folder"),
        *("baselines", "actor", "planning", "training_state"),
        "torch_threads",
        *("sb3", "evolution", "nudge", "backprop", "distillation"),
        "transformer",
        *("registry", "saving", "evaluation", "ablation", "vector_tasks"),
    ),
    "human_wm_cli": (
        *(
            "one_thread",
            "endings",
            "log_warnings",
            "explanations",
            "config_hints",
            "setting_values",
            "config",
            "console",
            "agents_page",
        ),
        *("dashboard", "run", "data", "real_env", "gradients"),
        *("fan_charts", "people_map", "model_card", "comparison"),
        *("benchmarks", "fuzzing", "vmc", "commands", "main", "__main__"),
    ),
}

# The exception to this, world_model/nets/fast_blas.py, loads torch's library by its path.
FORBIDDEN = {
    "human_wm_env": {"world_model", "agents", "mlx", "torch", "stable_baselines3", *COMMANDS},
    "world_model": {"agents", "torch", "stable_baselines3", "tensorboard", *COMMANDS},
    "agents": {"world_model", *COMMANDS},
    "human_wm_cli": SCRIPTS,
    "scripts": {"tests", "agents", "world_model", "human_wm_env"},
}
GROUND_FLOOR = {
    "human_wm_env",
    "numpy",
    "numba",
    "gymnasium",
    "safetensors",
    *sys.stdlib_module_names,
}
GROUND_FLOOR_LAZY = GROUND_FLOOR | {
    *("matplotlib", "minari", "openai", "pandas", "pyarrow", "yaml"),
}
CAN_RUN_CODE = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
UNSAFE_CALLS = {
    "torch.load",
    "yaml.load",
    "yaml.full_load",
    "yaml.unsafe_load",
    "yaml.load_all",
    "yaml.unsafe_load_all",
}
TYPE_CHECKING = {"TYPE_CHECKING", "typing.TYPE_CHECKING"}
IMPORT_CALLS = {"__import__", "import_module", "importlib.import_module"}


@dataclass(frozen=True)
class Import:
    name: str
    line: int
    lazy: bool

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


def imports_of(tree: ast.Module, package: tuple[str, ...]) -> Iterator[Import]:
    """Yield every import; lazy ones are inside a function or under TYPE_CHECKING."""

    def walk(node: ast.AST, lazy: bool) -> Iterator[Import]:
        for name in names_in(node, package):
            yield Import(name, getattr(node, "lineno", 0), lazy)
        if isinstance(node, ast.If) and dotted(node.test) in TYPE_CHECKING:
            for child in node.body:
                yield from walk(child, True)
            for child in node.orelse:
                yield from walk(child, lazy)
            return
        inner = lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inner)

    yield from walk(tree, False)


def names_in(node: ast.AST, package: tuple[str, ...]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else ()
        module = ".".join([*base, *([node.module] if node.module else [])])
        return [f"{module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and dotted(node.func) in IMPORT_CALLS and node.args:
        argument = node.args[0]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            return [argument.value]
    return []


def dotted(node: ast.AST) -> str:
    """Write `a.b.c` as text; anything else is empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        start = dotted(node.value)
        return f"{start}.{node.attr}" if start else ""
    return ""


def unsafe_calls_in(tree: ast.Module) -> Iterator[tuple[str, int]]:
    aliases = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            start, _, rest = dotted(node).partition(".")
            name = f"{aliases.get(start, start)}.{rest}"
            if name in UNSAFE_CALLS:
                yield name, node.lineno
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            refused = isinstance(node.value, ast.Constant) and node.value.value is False
            if not refused:
                yield "allow_pickle", node.value.lineno


def violations(path: str, source: str) -> list[str]:
    """List what a file imports or calls against the rules.

    Args:
        path: relative to the root of the repository.
        source: its text.
    """
    tree, room = ast.parse(source), PurePosixPath(path).parts[0]
    found = [f"{path}:{line}: {name}" for name, line in unsafe_calls_in(tree)]
    for one in imports_of(tree, PurePosixPath(path).parts[:-1]):
        allowed = GROUND_FLOOR_LAZY if one.lazy else GROUND_FLOOR
        wrong = (
            one.top in FORBIDDEN[room] | CAN_RUN_CODE
            or one.name in UNSAFE_CALLS
            or (room == "human_wm_env" and one.top not in allowed)
            or (
                room == "world_model"
                and one.top == "gymnasium"
                and not one.name.startswith("gymnasium.spaces")
            )
        )
        if wrong:
            found.append(f"{path}:{one.line}: {one.name}")
    return found


def room_of(module: str) -> str:
    """Return the room of a module of ours: the folder, or the file beside the folders."""
    return module.split(".")[1] if "." in module else ""


def modules() -> dict[str, Path]:
    found = {}
    for package in ROOMS:
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imported_modules() -> dict[str, set[str]]:
    """Return which of our modules each imports, lazily or not."""
    known = modules()
    graph: dict[str, set[str]] = {}
    for module, file in known.items():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names = {one.name for one in imports_of(tree, tuple(module.split(".")[:-1]))}
        exact = {name if name in known else name.rpartition(".")[0] for name in names}
        graph[module] = {name for name in exact if name in known and name != module}
    return graph


def test_every_room_is_known() -> None:
    for module in modules():
        package, room = module.partition(".")[0], room_of(module)
        assert not room or room in ROOMS[package], f"add {package}/{room} to ROOMS"


def test_no_import_runs_upwards_between_rooms() -> None:
    upwards = []
    for module, imported in imported_modules().items():
        package = module.partition(".")[0]
        if not room_of(module):  # what a package hands on may come from any of its rooms
            continue
        order = ROOMS[package]
        for other in imported:
            same = other.partition(".")[0] == package and room_of(other)
            if same and order.index(room_of(other)) > order.index(room_of(module)):
                upwards.append(f"{module} -> {other}")
    assert upwards == []


def test_the_environments_know_no_person() -> None:
    """`envs` and the World that it steps serve any other world as well."""
    people = {"person", "data", "people", "model", "runtime"}
    known = {"human_wm_env.worlds.world", "human_wm_env.worlds.action_batch"}
    wrong = []
    for module, imported in imported_modules().items():
        if module in known or module.startswith("human_wm_env.envs"):
            for other in imported:
                of_people = room_of(other) == "worlds" and other not in known
                if of_people or room_of(other) in people:
                    wrong.append(f"{module} -> {other}")
    assert wrong == []


def test_no_circle_of_files() -> None:
    rest = {
        module: {other for other in imported if room_of(other)}
        for module, imported in imported_modules().items()
    }
    while free := {module for module, imported in rest.items() if not imported & rest.keys()}:
        rest = {module: imported for module, imported in rest.items() if module not in free}
    assert sorted(rest) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_keeps_the_rules(package: str) -> None:
    found = []
    for file in sorted((ROOT / package).rglob("*.py")):
        found += violations(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))
    assert found == []


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("human_wm_env/a.py", "import mlx.core as mx", "mlx.core"),
        ("human_wm_env/a.py", "def f():\n    import torch", "torch"),
        ("human_wm_env/a.py", "from world_model import nets", "world_model.nets"),
        ("human_wm_env/a.py", "import agents", "agents"),
        ("human_wm_env/a.py", "import importlib\nimportlib.import_module('torch')", "torch"),
        ("human_wm_env/a.py", "import matplotlib", "matplotlib"),
        ("human_wm_env/a.py", "class A:\n    import pandas", "pandas"),
        ("human_wm_env/a.py", "try:\n    import scipy\nexcept ImportError:\n    pass", "scipy"),
        ("human_wm_env/a.py", "def f():\n    import scipy", "scipy"),
        ("human_wm_env/a.py", "import human_wm_cli.config", "human_wm_cli.config"),
        ("human_wm_env/worlds/a.py", "from ...agents import ppo", "agents.ppo"),
        ("world_model/a.py", "import torch", "torch"),
        ("world_model/nets/fast_blas.py", "from torch import nn", "torch.nn"),
        ("world_model/a.py", "from torch.utils.tensorboard import X", "torch.utils.tensorboard.X"),
        ("world_model/a.py", "import agents.sb3.ppo", "agents.sb3.ppo"),
        ("world_model/a.py", "import gymnasium as gym", "gymnasium"),
        ("world_model/a.py", "from gymnasium.envs import registration", "gymnasium.envs"),
        (
            "agents/a.py",
            "from world_model.nets.world_model import VRAE",
            "world_model.nets.world_model.VRAE",
        ),
        ("agents/a.py", "from human_wm_cli.run import RunFolder", "human_wm_cli.run.RunFolder"),
        ("agents/a.py", "import torch as th\nth.load('x')", "torch.load"),
        ("agents/a.py", "from torch import load", "torch.load"),
        ("scripts/a.py", "import pickle", "pickle"),
        ("scripts/a.py", "def f():\n    from cloudpickle import loads", "cloudpickle.loads"),
        ("scripts/a.py", "import yaml\nyaml.load(x, Loader=yaml.SafeLoader)", "yaml.load"),
        ("scripts/a.py", "import numpy as np\nnp.load('x', allow_pickle=True)", "allow_pickle"),
        ("scripts/a.py", "import numpy as np\nnp.load('x', allow_pickle=flag)", "allow_pickle"),
    ],
)
def test_a_breach_is_found(path: str, source: str, name: str) -> None:
    assert [line for line in violations(path, source) if name in line.split(": ")[1]]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("human_wm_env/a.py", "import json, numpy, gymnasium.spaces\nimport safetensors.numpy"),
        ("human_wm_env/worlds/a.py", "from ..schema import FEATURES\nfrom . import world"),
        ("human_wm_env/a.py", "def f():\n    import pandas\n    import matplotlib.pyplot"),
        (
            "human_wm_env/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import matplotlib",
        ),
        ("world_model/nets/fast_blas.py", "import ctypes\nctypes.CDLL('libtorch_cpu.so')"),
        ("world_model/a.py", "import mlx.core\nfrom human_wm_env.person.schema import FEATURES"),
        ("world_model/a.py", "from gymnasium import spaces"),
        ("agents/a.py", "import torch\nimport gymnasium\nfrom human_wm_env import envs"),
        ("human_wm_cli/a.py", "import agents, world_model\nimport yaml\nyaml.safe_load(x)"),
        ("scripts/a.py", "import numpy as np\nnp.load('x', allow_pickle=False)"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    assert violations(path, source) == []


def test_importing_the_environments_loads_nothing_slow() -> None:
    slow = {"mlx", "numba", "torch"}
    code = f"import sys, human_wm_env; print(sorted({slow} & set(sys.modules)))"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
