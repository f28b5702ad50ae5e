"""Mutate a sample of source lines, and see whether their mirrored tests notice.

    make mutate                       # 100 lines drawn with seed 0
    make mutate SEED=3 SAMPLE=20      # others, fewer
    make mutate AGAIN=1               # the survivors of a sample once more

Lines are drawn evenly from those of the three packages that cosmic-ray can change, pictures
(`figure.py`) left out; each gets one of its changes, drawn evenly from kinds, then within the
kind. What only changes a type annotation or `*` between parameters, or does not compile, is no
mutant. Each mutant runs against the tests that `mirror.py` names, in a copy of the tree under
`build/mutation`, with caches that no other mutant sees. It is killed where a test fails or the
tests take longer than their limit. Results are kept after each mutant: the same command goes on
where it was stopped. `survivors.toml` says why known survivors live.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from mirror import PACKAGES, ROOT, mirrored_tests, modules

WORK = ROOT / "build" / "mutation"
TREE = WORK / "tree"
NOTES = Path(__file__).with_name("survivors.toml")
PICTURES = ("figure.py", "figures.py")  # a line's width or a font's size is no fault
# Only how fast these are, or that they are kept, differs without the decorator.
SPEED_ONLY = ("@compiled", "@inlined", "@functools.cache", "@functools.lru_cache", "@lru_cache")
Mutant = dict[str, Any]


def operators() -> dict[str, Any]:
    """Return cosmic-ray's operators that need no arguments, by name."""
    classes = {name: get_operator(name) for name in operator_names()}
    return {name: cls() for name, cls in classes.items() if not cls.arguments()}


def family(operator: str) -> str:
    """Return what kind of change an operator is: `ReplaceBinaryOperator` has 132 of them."""
    return operator.removeprefix("core/").split("_")[0]


def meaning(source: str) -> str:
    """Return what a source does, without type annotations and marks of how arguments are given.

    Raises:
        SyntaxError: it does not compile.
    """
    compile(source, "mutant", "exec", dont_inherit=True)
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.arguments):  # `*` or `/` between parameters
            node.defaults += [one for one in node.kw_defaults if one is not None]
            node.args = [*node.posonlyargs, *node.args, *node.kwonlyargs]
            node.posonlyargs, node.kwonlyargs, node.kw_defaults = [], [], []
    return ast.dump(tree)


def mutations(source: str) -> dict[int, list[tuple[str, int]]]:
    """Return the changes of each line as operators and which of their occurrences they are."""
    found: dict[int, list[tuple[str, int]]] = {}
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in operators().items():
        starts = (at for node in nodes for at, _ in operator.mutation_positions(node))
        for occurrence, (line, _) in enumerate(starts):
            found.setdefault(line, []).append((name, occurrence))
    return found


def draw(sources: dict[str, str], lines: int, seed: int) -> Iterator[Mutant]:
    """Yield a mutant of each of `lines` different lines.

    Their order hangs on the seed, their file and their text, so that a sample hardly changes where
    other lines do.
    """
    places = []
    for file, source in sources.items():
        seen: Counter[str] = Counter()
        for index, line in enumerate(source.splitlines()):
            seen[line] += 1
            places.append((digest(str(seed), file, line, str(seen[line])), file, index))
    known: dict[str, dict[int, list[tuple[str, int]]]] = {}
    for rank, file, index in sorted(places):
        if lines == 0:
            return
        if file not in known:
            known[file] = mutations(sources[file])
        changes = known[file].get(index + 1, [])
        mutant = _mutant(file, sources[file], index, changes, random.Random(rank))
        if mutant is not None:
            lines -= 1
            yield mutant


def _mutant(
    file: str, source: str, index: int, changes: list[tuple[str, int]], rng: random.Random
) -> Mutant | None:
    before = source.splitlines()[index].strip()
    left = list(changes)
    while left:
        kind = rng.choice(sorted({family(name) for name, _ in left}))
        name, occurrence = rng.choice([one for one in left if family(one[0]) == kind])
        left.remove((name, occurrence))
        if kind == "RemoveDecorator" and before.startswith(SPEED_ONLY):
            continue
        mutated = mutate_code(source, get_operator(name)(), occurrence)
        try:
            same = mutated is None or meaning(mutated) == meaning(source)
        except SyntaxError:
            continue
        if not same:
            after = [*mutated.splitlines(), ""][index].strip()
            return {
                "file": file,
                "line": index + 1,
                "before": before,
                "after": "" if kind == "RemoveDecorator" else after,
                "operator": name.removeprefix("core/"),
                "occurrence": occurrence,
                "source": digest(source),
            }
    return None


def digest(*texts: str) -> str:
    """Return a short hash of texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def copy_tree() -> None:
    """Copy what git tracks or would add; the tests' data beside the tree are linked."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    shutil.rmtree(TREE, ignore_errors=True)
    for name in filter(None, names.split("\0")):
        if (ROOT / name).exists():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name, follow_symlinks=False)
    beside = ROOT.parent / "shared"
    if beside.is_dir() and not (WORK / "shared").exists():
        (WORK / "shared").symlink_to(beside)


def run_tests(tests: list[str], python: str, limit: float, *, warm: bool = False) -> Mutant:
    """Run test files in the copied tree; `warm` keeps the compiled loops for later runs.

    Caches of people and posteriors are empty, so that nothing comes from unmutated code. Compiled
    loops are kept under a digest of all that they do; each mutant gets links to those of the
    unmutated code, and what it adds or removes is its own.
    """
    loops = WORK / "loops"
    loops.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        own = Path(folder)
        if not warm:
            shutil.copytree(loops, own / "loops", copy_function=os.link)
        env = os.environ | {
            "PYTHONPATH": str(TREE),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NUMBA_CACHE_DIR": str(loops if warm else own / "loops"),
            "HUMANWM_CACHE": str(own / "cache"),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(own / "hypothesis"),
            "TMPDIR": str(own),
        }
        command = [python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        command += ["--hypothesis-seed=0", "--tb=short", "--no-header", *tests]
        began = time.monotonic()
        with (own / "said").open("w+") as said:
            process = subprocess.Popen(
                command, cwd=TREE, env=env, stdout=said, stderr=said, start_new_session=True
            )
            try:
                code: int | None = process.wait(timeout=limit)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, 9)
                    process.wait()
            said.seek(0)
            output = said.read()[-3000:]
    outcome = {0: "survived", None: "timeout"}.get(code, "killed")
    return {"outcome": outcome, "seconds": round(time.monotonic() - began, 1), "output": output}


class Results:
    """What is known of mutants and of the unmutated tests, in a JSON file."""

    def __init__(self, file: Path) -> None:
        """Read what an earlier run left."""
        self.file = file
        self.kept: dict[str, Mutant] = json.loads(file.read_text()) if file.exists() else {}

    def keep(self, key: str, value: Mutant) -> None:
        """Write a result at once."""
        self.kept[key] = value
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps(self.kept, indent=1))
        part.replace(self.file)


class BrokenTestsError(Exception):
    """The tests fail without a mutant: nothing can be said of one."""


def limit_of(tests: list[str], python: str, baselines: Results) -> float:
    """Return how long tests may take: six times what they take without a mutant, plus 60 s.

    A mutant of a loop that others call may compile all of them anew.
    """
    key = " ".join(tests)
    stamp = digest(*(text(TREE / test) for test in tests))
    if baselines.kept.get(key, {}).get("tests") != stamp:
        plain = run_tests(tests, python, 3600, warm=True)
        if plain["outcome"] != "survived":
            raise BrokenTestsError(f"the unmutated code fails {key}:\n{plain['output']}")
        baselines.keep(key, {"seconds": plain["seconds"], "tests": stamp})
    return 6 * float(baselines.kept[key]["seconds"]) + 60


def text(file: Path) -> str:
    """Return what a file holds."""
    return file.read_text(encoding="utf-8")


def judge(mutant: Mutant, python: str, baselines: Results) -> Mutant:
    """Run a mutant's mirrored tests."""
    tests = [file.as_posix() for file in mirrored_tests(Path(mutant["file"]))]
    if not tests:
        return mutant | {"outcome": "untested", "tests": [], "seconds": 0.0}
    try:
        limit = limit_of(tests, python, baselines)
    except BrokenTestsError as error:
        return mutant | {
            "outcome": "broken tests",
            "tests": tests,
            "seconds": 0.0,
            "output": f"{error}",
        }
    target = TREE / mutant["file"]
    original = text(target)
    operator = get_operator("core/" + mutant["operator"])()
    target.write_text(mutate_code(original, operator, mutant["occurrence"]), encoding="utf-8")
    try:
        result = run_tests(tests, python, limit)
    finally:
        target.write_text(original, encoding="utf-8")
    return mutant | {"tests": tests} | result


def reasons() -> dict[tuple[str, str, str], Mutant]:
    """Return what `survivors.toml` says, by file, line before and line after."""
    listed = tomllib.loads(text(NOTES))["survivor"] if NOTES.exists() else []
    return {place_of(one): one for one in listed}


def place_of(mutant: Mutant) -> tuple[str, str, str]:
    """Return what a mutant is known by in `survivors.toml`: lines may move."""
    return mutant["file"], mutant["before"], mutant["after"]


def report(mutants: list[Mutant], results: Results) -> str:
    """Return the table and the survivors as Markdown."""
    known = reasons()
    rows: dict[str, Counter[str]] = {package: Counter() for package in (*PACKAGES, "all")}
    told = []
    for mutant in mutants:
        result = results.kept.get(key_of(mutant), mutant | {"outcome": "not run"})
        outcome = result["outcome"]
        why = known.get(place_of(mutant), {})
        if outcome == "survived" and why.get("equivalent"):
            outcome = "equivalent"
        for row in (mutant["file"].split("/")[0], "all"):
            rows[row][outcome] += 1
        if outcome not in ("killed", "timeout"):
            told.append(
                f"- {outcome}: `{mutant['file']}` {mutant['line']}: `{mutant['before']}` -> "
                f"`{mutant['after']}`: {why.get('reason', 'no reason given')}"
            )
    columns = ("killed", "timeout", "survived", "equivalent", "untested", "broken tests", "not run")
    lines = [f"| package | {' | '.join(columns)} | killed of those that differ |"]
    lines.append("|" + "---|" * (len(columns) + 2))
    for row, count in rows.items():
        killed = count["killed"] + count["timeout"]
        of = killed + count["survived"] + count["untested"]
        share = f"{killed / of:.0%}" if of else "-"
        numbers = " | ".join(str(count[column]) for column in columns)
        lines.append(f"| {row} | {numbers} | {share} |")
    return "\n".join([*lines, "", *told])


def key_of(mutant: Mutant) -> str:
    """Return a name under which a result is kept; another source is another mutant."""
    return " ".join(str(mutant[field]) for field in ("file", "source", "operator", "occurrence"))


def main() -> None:
    """Draw, run what has no result yet, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--again", action="store_true", help="run survivors once more")
    parser.add_argument("--only", default="", help="a part of the names of the modules drawn from")
    parser.add_argument("--report", action="store_true", help="print what is known, run nothing")
    parser.add_argument("--python", default=sys.executable, help="the interpreter of the tests")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # ends the tests, too
    WORK.mkdir(parents=True, exist_ok=True)
    files = [
        file for file in modules() if asked.only in file.as_posix() and file.name not in PICTURES
    ]
    sources = {file.as_posix(): text(ROOT / file) for file in files}
    mutants = list(draw(sources, asked.lines, asked.seed))
    results, baselines = Results(WORK / "results.json"), Results(WORK / "baselines.json")
    known = reasons()
    if not asked.report:
        copy_tree()
        for number, mutant in enumerate(mutants, 1):
            old = results.kept.get(key_of(mutant), {}).get("outcome")
            given_up = known.get(place_of(mutant), {}).get("equivalent", False)
            again = asked.again and old not in ("killed", "timeout") and not given_up
            if old is None or again:
                result = judge(mutant, asked.python, baselines)
                results.keep(key_of(mutant), result)
                print(
                    f"{number}/{len(mutants)} {result['outcome']} {result['seconds']:.0f} s "
                    f"{mutant['file']}:{mutant['line']} {mutant['before']} -> {mutant['after']}",
                    flush=True,
                )
    print(report(mutants, results))


if __name__ == "__main__":
    main()
