"""The base installation steps environments; each command runs with the extra it names."""

from __future__ import annotations

import ast
import configparser
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from human_wm_cli.main import COMMANDS, EXTRAS
from human_wm_env.extras import EXTRA_OF, MissingExtraError, extras_named
from tests.test_imports import imports_of

ROOT = Path(__file__).parents[1]
PACKAGES = ("human_wm_env", "world_model", "agents", "human_wm_cli")
# Distributions whose modules have another name.
MODULE_OF = {"pyyaml": "yaml"}


def requirements() -> dict[str, set[str]]:
    """Return the modules that each extra brings, those of the base among them."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")

    def named(text: str) -> set[str]:
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        return {re.split(r"[<>=;]", line.replace(" ", ""))[0] for line in lines}

    extras = {name: named(text) for name, text in setup["options.extras_require"].items()}
    base = named(setup["options"]["install_requires"])

    def modules(names: set[str]) -> set[str]:
        found = set()
        for name in names:
            own, _, inner = name.partition("[")
            if own == "humanwm":
                for extra in inner.rstrip("]").split(","):
                    found |= modules(extras[extra])
            else:
                found.add(MODULE_OF.get(own, own.replace("-", "_")))
        return found

    return {"": modules(base)} | {name: modules(base | own) for name, own in extras.items()}


def file_of(module: str) -> Path | None:
    path = ROOT / module.replace(".", "/")
    files = [path.with_suffix(".py"), path / "__init__.py"]
    return next((file for file in files if file.is_file()), None)


@functools.cache
def imported_at_once(module: str) -> tuple[set[str], set[str]]:
    """Return the modules of ours that one imports when it is imported, and the foreign ones."""
    file = file_of(module)
    assert file is not None, module
    tree = ast.parse(file.read_text(encoding="utf-8"))
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    ours, foreign = {module.rpartition(".")[0]} - {""}, set()
    for each in imports_of(tree, tuple(package.split("."))):
        if each.lazy:
            continue
        if each.top not in PACKAGES:
            foreign.add(each.top)
        elif file_of(each.name):
            ours.add(each.name)
        else:
            holder, _, name = each.name.rpartition(".")
            ours |= {holder, *lazy_source(holder, name)}
    return ours, foreign - set(sys.stdlib_module_names)


def needed_at_once(module: str) -> set[str]:
    """Return the foreign modules that importing one of ours imports, lazy names followed."""
    foreign: set[str] = set()
    known: set[str] = set()
    waiting = {module}
    while waiting:
        one = waiting.pop()
        known.add(one)
        ours, others = imported_at_once(one)
        foreign |= others
        waiting |= ours - known
    return foreign


@functools.cache
def lazy_source(package: str, name: str) -> list[str]:
    """Return the module that a package's lazy name comes from, none for any other name."""
    file = file_of(package)
    assert file is not None
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if file.name != "__init__.py":
        return []
    return [
        str(node.module)
        for branch in tree.body
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        and any((one.asname or one.name) == name for one in node.names)
    ]


def test_the_base_is_what_steps_environments() -> None:
    assert requirements()[""] == {"numpy", "gymnasium", "safetensors", "numba"}


def test_help_needs_the_base_alone() -> None:
    assert needed_at_once("human_wm_cli.main") <= requirements()[""]


def test_every_library_of_an_extra_is_known_by_it() -> None:
    brought = requirements()
    for library, extra in EXTRA_OF.items():
        assert library in brought[extra], library
        # Minari needs more than all commands but one together, jax for one.
        assert library in brought["all"] or extra == "minari", library


def test_every_command_names_an_extra() -> None:
    assert set(EXTRAS) == set(COMMANDS), "add the command to EXTRAS in human_wm_cli/main.py"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_extra_of_a_command_brings_what_it_imports(command: str) -> None:
    needed = needed_at_once(f"human_wm_cli.commands.{command.replace('-', '_')}")
    assert needed <= requirements()[EXTRAS[command]]


def without(*libraries: str) -> str:
    """Return the start of a program in which libraries cannot be found."""
    return (
        "import sys, importlib.abc\n"
        "class Gone(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name.partition('.')[0] in {libraries!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Gone())\n"
    )


def ran(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "library", "extra"),
    [
        ("pretrain --help", "mlx", "train"),
        ("what-if --help", "omegaconf", "plot"),
        ("train --help", "torch", "agents"),
    ],
)
def test_a_command_without_its_extra_ends_in_one_sentence(
    words: str, library: str, extra: str
) -> None:
    done = ran(without(library) + f"from human_wm_cli.main import main; main({words.split()!r})")
    command = words.split()[0]
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        f"humanwm {command} needs the extra `{extra}`; pip install 'humanwm[{extra}]' brings it.\n",
    )


def test_help_and_environments_work_with_the_base_alone() -> None:
    program = without(*EXTRA_OF) + (
        "from human_wm_cli.main import main; main(['--help']); main(['--version'])\n"
        "import gymnasium as gym\n"
        "env = gym.make('human_wm_env:HumanWM-v0', render_mode='rgb_array')\n"
        "env.reset(seed=0); env.step(0 * env.action_space.sample())\n"
        "env.render()\n"
    )
    done = ran(program)
    assert "humanwm 0.1.0\n" in done.stdout
    assert done.stderr.splitlines()[-1].endswith(
        "expected the extra `plot`; received an installation without matplotlib. "
        "pip install 'humanwm[plot]' brings it."
    )


def test_other_missing_modules_are_not_ours_to_explain() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module") as caught, extras_named():
        import no_such_module  # type: ignore[import-not-found]  # noqa: F401
    assert not isinstance(caught.value, MissingExtraError)
