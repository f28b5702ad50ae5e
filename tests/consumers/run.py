"""Run the consumers, each on our wheel in a new virtual environment, and write their table.

    python tests/consumers/run.py              # all of them; docs/ecosystem.md gets the table
    python tests/consumers/run.py sb3_agents   # some of them, printed alone

A consumer is a script of this folder that names its packages as PEP 723 has it. Warnings of our
packages are errors. An environment is deleted before the next one is made.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "ecosystem.md"
FROM, TO = "<!-- table of tests/consumers/run.py -->", "<!-- end of the table -->"
ORDER = (
    *("wheel_alone", "gymnasium_checks", "sb3_agents", "cleanrl_ppo", "rl_zoo", "optuna_study"),
    *("torchrl_envs", "rllib_ppo", "multi_objective", "minari_data", "d3rlpy_offline"),
    *("wandb_sync", "notebook"),
)
STRICT = (
    "import runpy, sys, warnings; sys.argv = sys.argv[1:]; "
    "warnings.filterwarnings('error', module=r'(human_wm_env|world_model|agents)(\\.|$)'); "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


@dataclass
class Outcome:
    """What a consumer did.

    Attributes:
        about: its docstring.
        versions: of what it names.
        passed: it ended without an error.
        seconds: that it ran.
        said: the end of what it printed.
    """

    about: str
    versions: dict[str, str]
    passed: bool
    seconds: float
    said: str


def metadata_of(script: Path) -> tuple[dict[str, object], str]:
    """Return a script's PEP 723 block and the first line of its docstring."""
    text = script.read_text(encoding="utf-8")
    block = re.search(r"^# /// script\n(.*?)^# ///$", text, flags=re.DOTALL | re.MULTILINE)
    about = re.search(r'^"""(.*?)"""', text, flags=re.DOTALL | re.MULTILINE)
    assert block and about, f"{script.name} needs a script block and a docstring"
    return tomllib.loads(re.sub(r"^# ?", "", block[1], flags=re.MULTILINE)), about[1]


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy, so that no leftover gets in."""
    left_out = shutil.ignore_patterns(".*", "runs", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=left_out)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    pip += ["--wheel-dir", str(folder), str(folder / "source")]
    subprocess.run(pip, check=True, env=os.environ | {"PYTHONPATH": ""})
    (wheel,) = folder.glob("*.whl")
    return wheel


def run(name: str, wheel: Path, kept: Path) -> Outcome:
    """Install and run one consumer; `kept` is a folder that consumers share."""
    script = HERE / f"{name}.py"
    settings, about = metadata_of(script)
    wanted = [str(one) for one in settings["dependencies"]]  # type: ignore[attr-defined]
    tool: Any = settings.get("tool", {})
    own_settings = tool.get("consumer", {})
    named = f"humanwm{own_settings.get('extras', '')} @ {wheel.as_uri()}"
    ours = [] if own_settings.get("alone") else [named]
    with tempfile.TemporaryDirectory() as home:
        python = Path(home) / "venv" / "bin" / "python"
        torch = Path(home) / "torch.txt"  # the build that the tests have, without CUDA if so
        pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        torch.write_text("\n".join(pin for pin in pins if pin.startswith("torch==")))
        own = {"HOME": home, "XDG_CACHE_HOME": f"{home}/cache", "PATH": os.environ["PATH"]}
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "-c", str(torch), *ours, *wanted]
        done = subprocess.run(install, capture_output=True, text=True)
        began = time.monotonic()
        if done.returncode == 0:
            command = [str(python), "-c", STRICT, str(script), str(kept)]
            try:
                done = subprocess.run(
                    command, cwd=home, env=own, capture_output=True, text=True, timeout=900
                )
            except subprocess.TimeoutExpired as late:
                done = subprocess.CompletedProcess(command, 1, "", f"not done in {late.timeout} s")
        seconds = time.monotonic() - began
        found = {
            one.metadata["Name"].lower().replace("_", "-"): one.version
            for one in distributions(
                path=[str(next(python.parents[1].glob("lib/*/site-packages")))]
            )
        }
    names = [re.split(r"[\[<>=]", one)[0].lower().replace("_", "-") for one in wanted]
    versions = {one: found[one] for one in [*names, "gymnasium"] if one in found}
    said = (done.stdout + done.stderr).strip().splitlines()[-12:]
    return Outcome(about, versions, done.returncode == 0, seconds, "\n".join(said))


def table(outcomes: dict[str, Outcome]) -> str:
    """Return the outcomes as a Markdown table."""
    lines = ["| consumer | what is run | versions | result |", "|---|---|---|---|"]
    for name, one in outcomes.items():
        versions = ", ".join(f"{package} {version}" for package, version in one.versions.items())
        about = " ".join(one.about.split())
        result = f"passed, {one.seconds:.0f} s" if one.passed else "failed"
        lines.append(f"| `tests/consumers/{name}.py` | {about} | {versions} | {result} |")
    return "\n".join(lines)


def main(names: list[str]) -> None:
    """Run the consumers, print what fails, and write the table where all were run."""
    outcomes: dict[str, Outcome] = {}
    with tempfile.TemporaryDirectory() as folder:
        wheel, kept = build_wheel(Path(folder)), Path(folder) / "kept"
        kept.mkdir()
        for name in names or ORDER:
            outcomes[name] = one = run(name, wheel, kept)
            print(
                f"{name}: {'passed' if one.passed else 'FAILED'} in {one.seconds:.0f} s", flush=True
            )
            if name == "wheel_alone" or not one.passed:
                print(one.said, flush=True)
    rows = table(outcomes)
    if names:
        print(rows)
    else:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(FROM)
        after = rest.partition(TO)[2]
        PAGE.write_text(f"{before}{FROM}\n{rows}\n{TO}{after}", encoding="utf-8")
    sys.exit(not all(one.passed for one in outcomes.values()))


if __name__ == "__main__":
    main(sys.argv[1:])
