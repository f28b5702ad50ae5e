from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from human_wm_cli.commands.pretrain import PretrainConfig
from human_wm_cli.config import compose
from human_wm_cli.data import (
    DataConfig,
    import_report,
    load_dataset,
    load_people,
    load_time_split,
    provenance,
)
from human_wm_env.errors import ConfigError, DataError
from human_wm_env.people.embedded import GENERATOR_VERSION
from human_wm_env.person.schema import FEATURE_NAMES

CONTENT = f"user_id,date,{','.join(FEATURE_NAMES)}\n" + "".join(
    f"{who},2021-05-{day},8000,{2500 if day == 24 else 250},6,200,7,70,None,,Home,Happy\n"
    for who in ("ann", "bob", "cem")
    for day in (24, 25)
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(CONTENT)
    return path


def test_the_embedded_people() -> None:
    config = DataConfig(users=12, days=120, seed=3)
    dataset, people = load_dataset(config), load_people(config)
    assert people is not None
    assert dataset is people.dataset
    assert import_report(config) is None
    described = provenance(config, dataset)
    assert described["name"] == "embedded"
    assert {"seed", "response_gain"} <= described.keys()
    assert described["generator_version"] == GENERATOR_VERSION
    assert described["sha256"] == dataset.fingerprint


def test_a_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = DataConfig(source=str(file))
    dataset = load_dataset(config)
    assert (dataset.name, dataset.users, dataset.days) == ("mine", 3, 2)
    assert load_people(config) is None
    out, err = capsys.readouterr()
    assert out == ""
    assert "3 of 6 values of calories_burned outside 500 to 7000 (250), masked" in err
    described = provenance(config, dataset)
    assert (described["name"], described["sha256"]) == ("mine", dataset.fingerprint)
    assert described["import"]["rows_read"] == 6
    assert str(file.parent) not in json.dumps(described)
    ours = load_dataset(DataConfig(source=str(file), name="ours"))
    assert (ours.name, ours.fingerprint) == ("ours", dataset.fingerprint)
    with pytest.raises(DataError, match=r"or set data\.outside=mask"):
        load_dataset(DataConfig(source=str(file), outside="error"))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(
        DataError, match=r"data.source=embeded, which is no file and no such folder"
    ):
        load_dataset(DataConfig(source="embeded"))


def test_settings_of_the_other_kind_are_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"data\.users=60"):
        DataConfig(source=str(file), users=60)
    with pytest.raises(ConfigError, match=r"data\.repeated=first"):
        DataConfig(repeated="first")


def test_split_by_time_the_held_out_days_are_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "longer.csv"
    rows = [f"ann,2021-05-{day:02d},8000,2500,6,200,7,70,None,,Home,Happy" for day in range(1, 31)]
    path.write_text(CONTENT + "\n".join(rows[:20]) + "\n")
    config = DataConfig(source=str(path), split="time", held_out_share=0.25)
    split = load_time_split(config)
    assert split.first_held_out.tolist() == [19, 1, 1] == load_dataset(config).days_logged.tolist()
    assert split.whole.days_logged.tolist() == [25, 2, 2]
    described = provenance(config, load_dataset(config))
    assert described["split"] == {
        "by": "time",
        "held_out_share": 0.25,
        "rehearsal": False,
        "everybody_trains": False,
    }
    assert described["sha256"] == split.before.fingerprint
    people = DataConfig(source=str(path))
    assert provenance(people, load_dataset(people))["split"] == {"by": "people"}
    with pytest.raises(ConfigError, match=r"data\.split=time"):
        load_time_split(people)
    everybody = dataclasses.replace(config, everybody_trains=True)
    dealt = load_dataset(everybody).split_of
    assert dealt[:3] == ("train",) * 3 and set(dealt[3:]) <= {"validation"}
    with pytest.raises(ConfigError, match=r"data\.everybody_trains=True"):
        DataConfig(everybody_trains=True)
    with pytest.raises(ConfigError, match=r"data\.rehearsal=True"):
        DataConfig(rehearsal=True)
    with pytest.raises(ConfigError, match="Did you mean"):
        DataConfig(split="tine")


def test_uniform_logs() -> None:
    config = DataConfig(source="uniform", users=12, days=60)
    dataset = load_dataset(config)
    assert (dataset.name, dataset.users, dataset.days) == ("uniform", 12, 60)
    assert load_people(config) is None and import_report(config) is None
    assert provenance(config, dataset)["seed"] == 0
    with pytest.raises(ConfigError, match="response_gain"):
        DataConfig(source="uniform", response_gain=0.3)


def test_on_the_command_line(file: Path) -> None:
    config = compose(PretrainConfig, "pretrain", [f"data.source={file}"])
    assert config.data == DataConfig(source=str(file))
    assert compose(PretrainConfig, "pretrain", ["data=mini"]).data == DataConfig(users=60, days=200)
    with pytest.raises(ConfigError, match=r"data\.users=60"):
        compose(PretrainConfig, "pretrain", ["data=mini", f"data.source={file}"])
