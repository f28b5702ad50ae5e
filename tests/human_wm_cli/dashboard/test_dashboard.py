from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from human_wm_cli.dashboard import Dashboard
from human_wm_cli.dashboard.dashboard import flat
from human_wm_cli.dashboard.descriptions import description
from tests.human_wm_cli.dashboard.reading import scalars, tags

ROOT = Path(__file__).resolve().parents[3]


def test_a_scalar_goes_to_the_stage_that_its_name_begins_with(tmp_path: Path) -> None:
    board = Dashboard(tmp_path)
    for step in range(3):
        board.scalar("nets/train/objective", 1.0, step)
        board.scalar("encoder/train/objective", 2.0, 10 * step)
    board.close()
    assert scalars(tmp_path / "nets") == {"nets/train/objective": [(0, 1.0), (1, 1.0), (2, 1.0)]}
    assert [step for step, _ in scalars(tmp_path / "encoder")["encoder/train/objective"]] == [
        0,
        10,
        20,
    ]


def test_the_verdict_stands_beside_the_settings(tmp_path: Path) -> None:
    board = Dashboard(tmp_path)
    board.settings({"training": {"epochs": 3}}, "mine")
    board.verdict({"return": 21.5})
    board.finish()
    board.close()
    assert scalars(tmp_path / "verdict") == {"verdict/return": [(0, 21.5)]}
    assert len(tags(tmp_path / "verdict", "hparams")) == 2


def test_people_are_tables_that_the_projector_finds(tmp_path: Path) -> None:
    board = Dashboard(tmp_path)
    latents = {"z_a": np.zeros((2, 2)), "z_b": np.arange(6.0).reshape(2, 3)}
    board.people(latents, [{"person": "a\tb", "age": 1.5}, {"person": "c", "age": 2.0}])
    board.close()
    folder = tmp_path / "latents"
    assert (folder / "people.tsv").read_text() == "person\tage\na b\t1.5\nc\t2\n"
    assert (folder / "z_b.tsv").read_text() == "0\t1\t2\n3\t4\t5\n"
    assert (folder / "z.tsv").read_text().splitlines()[1] == "0\t0\t3\t4\t5"
    assert not (folder / "z_a.tsv").exists()  # too narrow for three components
    assert (folder / "projector_config.pbtxt").read_text().count("people.tsv") == 2
    assert tags(folder, "text")  # a run that TensorBoard lists


def test_settings_are_flat_and_plain() -> None:
    nested = {"a": {"b": {"c": 1}}, "d": None, "e": [1, 2], "f": "x", "g": {}, "h": True}
    assert flat(nested) == {"a.b.c": 1, "d": "null", "e": "[1, 2]", "f": "x", "g": "{}", "h": True}


@pytest.mark.parametrize(
    ("stage", "tag"),
    [
        ("nets_without_c", "nets_without_c/validation/objective"),
        ("response", "response/validation/nats_per_person"),
        ("rnn_round_2", "rnn/validation/next_nats"),
        ("cma_es_round_1", "cma_es/sigma"),
        ("agent", "train/value_loss"),
        ("agent_in_dream", "measured/return"),
        ("agent_in_simulator", "advice/sleep_hours"),
    ],
)
def test_curves_say_what_they_are_and_what_their_step_is(stage: str, tag: str) -> None:
    assert description(stage, tag).count("Step:") == 1
    assert len(description(stage, tag)) > len("Step: optimiser steps of the round.")


def test_writing_needs_no_torch(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path\n"
        "from human_wm_cli.dashboard import Dashboard\n"
        f"board = Dashboard(Path({str(tmp_path)!r}))\n"
        "assert 'tensorboard' not in sys.modules\n"
        "for step in range(3): board.scalar('nets/a', 1.0, step)\n"
        "board.settings({'a': 1}, 'mine'); board.text('t', 'x'); board.close()\n"
        "assert not {'torch', 'tensorflow', 'mlx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
