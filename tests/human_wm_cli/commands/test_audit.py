from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from human_wm_cli.commands.audit import AuditDataConfig, main
from human_wm_cli.config import compose
from human_wm_cli.console import run_script
from human_wm_cli.data import DataConfig
from human_wm_env.people.embedded import EmbeddedConfig, assemble, generate
from human_wm_env.person import schema
from world_model.audit import AuditConfig

QUICK = ["audit.permutations=119"]


def run(tmp_path: Path, *words: str) -> None:
    arguments = [*QUICK, f"run.root={tmp_path}", "run.name=one", *words]
    run_script(main, AuditDataConfig, "audit_data", arguments=arguments)


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(config: EmbeddedConfig) -> object:
        return assemble(config, generate(config))

    monkeypatch.setattr("human_wm_cli.data.load_embedded", load)


SMALL = ["data.users=12", "data.days=120", "data.seed=3"]


def test_the_defaults() -> None:
    config = compose(AuditDataConfig, "audit_data")
    assert config.data == DataConfig()
    assert config.audit == AuditConfig()


def test_tables_and_the_verdict(
    embedded: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, *SMALL)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("embedded: 12 people, 1440 person-days")
    assert [line.split()[0] for line in lines[3:13]] == list(schema.FEATURE_NAMES)
    assert any(line.split()[:2] == ["steps", "distance_km"] for line in lines)
    assert lines[-1].startswith("Something to learn: people differ in")
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert metrics["verdict"] == lines[-1]


def test_one_json_object(
    embedded: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, *SMALL, "json=true")
    result = json.loads(capsys.readouterr().out)
    assert result == json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert result["data"]["name"] == "embedded"
    people = result["audit"]["people"]
    assert people["found"] == sum(one["found"] for one in people["findings"]) > 0
    assert people["tested"] <= len(people["findings"])


def test_a_file_of_noise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "noise.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user_id", "date", *schema.FEATURE_NAMES])
        for user in range(20):
            for day in range(1, 31):
                cells = [
                    round(rng.uniform(feature.low, feature.high), 2)
                    if isinstance(feature, schema.Continuous)
                    else rng.choice(feature.categories)
                    for feature in schema.FEATURES
                ]
                writer.writerow([user, f"2023-01-{day:02d}", *cells])
    run(tmp_path, f"data.source={file}")
    assert capsys.readouterr().out.splitlines()[-1].startswith("Nothing to learn")
    saved = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert saved["data"]["import"]["rows_read"] == 600


def test_an_error_is_one_paragraph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, f"data.source={tmp_path / 'none.csv'}")
    assert "which is no file" in capsys.readouterr().err


def test_a_log_without_its_key_is_told_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.csv"
    file.write_text("user_id,date\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        run(tmp_path, str(file))
    assert f"Say data.source={file}." in capsys.readouterr().err
