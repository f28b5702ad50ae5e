"""Make the golden arrays anew, or print their digests.

python tests/golden/renew.py                   renews the files that no longer fit
python tests/golden/renew.py dream futures     the same for some cases
python tests/golden/renew.py --digests         prints a hash of every bit of each case
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
sys.path[:0] = [path for path in (str(ROOT), str(ROOT / "scripts")) if path not in sys.path]

import human_wm_cli.one_thread  # noqa: E402, F401 (before NumPy) # isort: skip
import numpy as np  # noqa: E402
import pytest  # noqa: E402

from tests.golden import cases, guarded, trainings  # noqa: E402
from tests.golden.recording import Arrays, differences, digest, from_file, thin, to_file  # noqa: E402

ARRAYS = FOLDER / "arrays"
#: transition nets that were bundled when the arrays were made: they must load and step as then
CHECKPOINT = FOLDER / "checkpoint"
CASES = {**cases.CASES, **guarded.CASES, **trainings.CASES}
KEPT = 350  # entries of one array in a file
KEPT_OF = {
    **{"people_few": 5000, "posteriors": 2000, "posteriors_fixed": 2000, "checkpoint": 10},
    **{f"pretrained{name}": 50 for name in ("", "_predecessor", "_jointly")},
}
COMMAND = "python tests/golden/renew.py"


def compute(name: str) -> Arrays:
    """Return the whole arrays of a case; nothing kept on this machine is read."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv(cases.CACHE_VARIABLE, folder)
        patch.setattr("human_wm_env.runtime.world_model.BUNDLED", CHECKPOINT)
        patch.setattr("world_model.export.BUNDLED", CHECKPOINT)
        return CASES[name]()


def to_store(name: str, arrays: Arrays) -> Arrays:
    """Return what a case's file holds of its arrays, and the number that they go with."""
    thinned, number = thin(arrays, KEPT_OF.get(name, KEPT)), guarded.version_of(name)
    return thinned if number is None else {**thinned, guarded.VERSION: np.array(number[1])}


def stored(name: str) -> Arrays:
    """Return what a case's file holds."""
    return from_file(ARRAYS / f"{name}.npz")


def complaint(name: str, arrays: Arrays) -> str:
    """Return what is wrong with a case, see `guarded.complaint`."""
    return guarded.complaint(name, to_store(name, arrays), stored(name), COMMAND)


def _renew(name: str) -> str:
    """Write a case's file where it no longer fits; refuse what needs a new number."""
    made = to_store(name, compute(name))
    try:
        kept = stored(name)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):  # none, or a damaged one
        kept = {}
    if not differences(made, kept):
        return "as stored"
    if guarded.needs_a_number(name, made, kept):
        raise SystemExit(guarded.complaint(name, made, kept, COMMAND))
    ARRAYS.mkdir(exist_ok=True)
    to_file(ARRAYS / f"{name}.npz", made)
    return "renewed"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--digests", action="store_true", help="print hashes, write nothing")
    options = parser.parse_args()
    unknown = sorted(set(options.cases) - CASES.keys())
    if unknown:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(CASES)}")
    for name in options.cases or CASES:
        print(name, digest(compute(name)) if options.digests else _renew(name), flush=True)
    if not options.cases and not options.digests:
        for file in sorted(ARRAYS.glob("*.npz")):
            if file.stem not in CASES:
                file.unlink()
                print(file.stem, "removed")


if __name__ == "__main__":
    main()
