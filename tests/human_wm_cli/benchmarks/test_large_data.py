"""`humanwm benchmark only=large_data`: people are written alike, and memory is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from human_wm_cli.benchmarks.large_data import (
    LargeSizes,
    large_data_rows,
    peak_mb,
    write_people,
)
from human_wm_env import read_daily_csv
from human_wm_env.data.importers.large_folder import is_large
from human_wm_env.person import schema


def test_people_differ_and_have_as_many_days(tmp_path: Path) -> None:
    write_people(tmp_path / "logs", 5, 70)
    read = read_daily_csv(tmp_path / "logs")
    assert read.dataset.rows.shape == (5, 70, 10) and read.dataset.days_logged.tolist() == [70] * 5
    assert not read.report.outside and not is_large(tmp_path / "logs")
    means = [
        rows[seen].mean()
        for rows, seen in zip(
            read.dataset.rows[..., schema.SLEEP],
            read.dataset.observed[..., schema.SLEEP],
            strict=True,
        )
    ]
    assert len({round(float(mean), 3) for mean in means}) == 5


def test_a_peak_is_told_once() -> None:
    peak_mb()
    before = peak_mb()
    kept = np.ones(25_000_000)  # 191 MB
    high = peak_mb()
    assert high > before + 150
    del kept
    peak_mb()
    assert peak_mb() < high - 150


@pytest.mark.slow
def test_one_epoch_of_all_stages_is_measured() -> None:
    rows = large_data_rows(LargeSizes(300, 60))
    parts = {str(row["part"]): row for row in rows}
    stages = {"reading", "response", "nets", "moments", "encoder", "checkpoint", "all"}
    assert stages <= set(parts) and all(row["people"] == 300 for row in rows)
    assert parts["all"]["peak MB"] == max(float(row["peak MB"] or 0) for row in rows)
