"""human-wm's npz: a mask that says 1 for missing, padding that says observed, codes with a None."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from human_wm_env import DataError, import_logs
from human_wm_env.data.importers.daily_csv import read_daily_csv
from human_wm_env.person import schema
from tests.human_wm_env.exports.grids import check_balance, line_of, lines

WORKOUT, WEATHER, PLACE, MOOD = 6, 7, 8, 9
DAYS = 6


def arrays() -> tuple[np.ndarray, np.ndarray]:
    """Return features and mask of three people; the second has three days, the last one none."""
    features = np.zeros((3, DAYS, 10))
    # steps, kcal, km, min, h, bpm, Running, Rain, Park, Happy
    features[0] = [8000, 2300, 6, 200, 7, 70, 3, 3, 5, 0]
    features[0, 1, WORKOUT:] = [2, 2, 2, 2]  # None of all four
    features[0, 2, WORKOUT:] = [5, 9, 1, 4]  # Unknown, a code that is none, Home, Tired
    features[0, 3] = 5  # masked as a whole
    features[0, 4, :2] = np.nan, 99_999
    features[0, 4, WORKOUT] = 0.5
    features[0, 5, 5] = np.inf
    features[1, :3] = [4000, 1900, 3, 90, 8, 62, 6, 0, 4, 1]  # Walking, Clear, Other, Neutral
    mask = np.zeros((3, DAYS, 1))
    mask[0, 3] = 1
    return features, mask


EXPECTED = """
0001-01-01 8000 2300 6 200 7 70  Running Rain Park Happy
0001-01-02 8000 2300 6 200 7 70  -       -    -    -
0001-01-03 8000 2300 6 200 7 70  bad     bad  Home Tired
0001-01-04 -    -    - -   - -   -       -    -    -
0001-01-05 -    bad  6 200 7 70  bad     Rain Park Happy
0001-01-06 8000 2300 6 200 7 bad Running Rain Park Happy
"""
SECOND = ["4000 1900 3 90 8 62 Walking Clear Other Neutral"] * 3


def build(folder: Path) -> Path:
    file = folder / "fitness_tracker_data.npz"
    features, mask = arrays()
    np.savez_compressed(file, features=features, mask=mask)
    return file


def unpacked(folder: Path) -> None:
    """Write the arrays as a folder of them, where no checksum of a zip shows damage."""
    for name, array in zip(("features", "mask"), arrays(), strict=True):
        np.save(folder / f"{name}.npy", array)


def days_of(logs: object, user: int) -> list[str]:
    dataset, reasons = logs.dataset, logs.reasons  # type: ignore[attr-defined]
    return [
        line_of(f"0001-01-{day + 1:02}", dataset.rows[user, day], reasons[user, day].tolist())
        for day in range(int(dataset.days_logged[user]))
    ]


def test_cells_and_reasons(tmp_path: Path) -> None:
    logs = import_logs(build(tmp_path))
    check_balance(logs)
    assert {row["format"] for row in logs.manifest["counts"]} == {"npz"}
    assert logs.dataset.user_ids == ("0", "1")
    assert days_of(logs, 0) == lines(EXPECTED)
    assert [line.partition(" ")[2] for line in days_of(logs, 1)] == SECOND
    assert {line["value"] for line in logs.rejected} >= {"Unknown", "9", "0.5", "inf"}


def test_a_folder_of_the_arrays_is_the_same(tmp_path: Path) -> None:
    unpacked(tmp_path)
    assert days_of(import_logs(tmp_path), 0) == lines(EXPECTED)


def test_days_have_numbers_and_no_weekdays(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    logs = import_logs(build(tmp_path), folder, ids="plain")
    assert "weekdays are unknown" in str(logs.manifest["notes"])
    again = import_logs(folder, tmp_path / "again", ids="plain")
    for one in (logs.dataset, again.dataset, read_daily_csv(folder).dataset):
        assert one.start_date is None
        assert (one.weekday == -1).all()
        assert np.array_equal(one.rows, logs.dataset.rows)
    assert (again.reasons == logs.reasons).all()
    assert list(logs.dataset.to_frame()["day"][:2]) == [0, 1]


def test_an_environment_plays_on_it(tmp_path: Path) -> None:
    file = tmp_path / "data.npz"
    rows = np.tile(arrays()[0][1, :1], (2, 40, 1))
    rows[:, ::2, WORKOUT] = 3
    np.savez(file, features=rows, mask=np.zeros((2, 40, 1)))
    import_logs(file, tmp_path / "logs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        env = gym.make("HumanWMReplay-v0", dataset=str(tmp_path / "logs"), split="all", horizon=3)
    observation, info = env.reset(seed=0)
    assert observation in env.observation_space
    assert info["mask"].shape == (schema.FEATURE_COUNT,)


def test_words_can_be_named(tmp_path: Path) -> None:
    named = {"workout_type": {"Unknown": "Gym Workout", "None": "None"}}
    logs = import_logs(build(tmp_path), categories=named)
    check_balance(logs)
    days = days_of(logs, 0)
    assert "None" in days[1] and "Gym_Workout" in days[2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"features": np.zeros((2, 3, 9))}, "a mask of"),
        ({"mask": np.zeros((3, DAYS, 10))}, "a mask of"),
        ({"mask": np.full((3, DAYS, 1), 0.5)}, "1 (missing)"),
        ({"features": np.array([["a"]])}, "array of numbers"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, change: dict[str, np.ndarray], said: str) -> None:
    features, mask = arrays()
    given = {"features": features, "mask": mask, **change}
    np.savez(tmp_path / "a.npz", features=given["features"], mask=given["mask"])
    with pytest.raises(DataError, match=said.replace("(", r"\(").replace(")", r"\)")):
        import_logs(tmp_path / "a.npz")


def test_a_header_that_lies_or_holds_objects_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**6, 10)}
    )
    with zipfile.ZipFile(tmp_path / "lies.npz", "w") as file:
        file.writestr("features.npy", stream.getvalue())
        file.writestr("mask.npy", stream.getvalue())
    with pytest.raises(DataError, match="another size"):
        import_logs(tmp_path / "lies.npz")
    objects = np.array([[[{}]]], dtype=object)
    np.savez(tmp_path / "objects.npz", features=objects, mask=objects)
    with pytest.raises(DataError, match="array of object"):
        import_logs(tmp_path / "objects.npz")
