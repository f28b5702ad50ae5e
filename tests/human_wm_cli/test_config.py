from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from human_wm_cli.config import compose, outline, to_dict, to_yaml, vary
from human_wm_env.errors import ConfigError


@dataclass(frozen=True)
class Head:
    members: int = 5


@dataclass(frozen=True)
class Model:
    hidden_dim: int
    dropout: float = 0.0
    layers: tuple[int, ...] = (64, 64)
    window: tuple[int, int] = (1, 2)
    head: Head = field(default_factory=Head)

    def __post_init__(self) -> None:
        if self.hidden_dim < 1:
            raise ValueError(f"hidden_dim is {self.hidden_dim}")


@dataclass(frozen=True)
class Training:
    epochs: int = 3
    learning_rate: float = 1e-3
    stop_after: float | None = None


@dataclass(frozen=True)
class Toy:
    model: Model
    training: Training = field(default_factory=Training)
    fallback: Training | None = None
    other: Training = field(default_factory=Training, metadata={"group": "training"})
    name: str | None = None
    change: str = ""
    masking: Literal["person", "off"] = "person"
    users: list[str] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=lambda: {"mood": 0.4})
    output: Path = Path("runs")
    seed: int = 0
    json: bool = False


@dataclass(frozen=True)
class Picky:
    low: int = 0
    high: int = 1

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ConfigError("low <= high", f"{self.low} > {self.high}", "Swap them.")


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    write(tmp_path / "toy.yaml", "model: base\ntraining:\n  epochs: 7\n")
    write(tmp_path / "model/base.yaml", "hidden_dim: 128\ndropout: 1e-3\n")
    write(tmp_path / "model/mini.yaml", "hidden_dim: 8\nlayers: [4]\n")
    write(tmp_path / "model/head/wide.yaml", "members: 9\n")
    write(tmp_path / "training/quick.yaml", "epochs: 1\n")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def toy(configs: Path, *overrides: str) -> Toy:
    return compose(Toy, "toy", overrides, configs)


def test_defaults_come_from_the_file_its_groups_and_the_dataclass(configs: Path) -> None:
    assert toy(configs) == Toy(Model(128, 0.001), Training(7))


def test_the_result_is_the_frozen_dataclass_itself(configs: Path) -> None:
    config = toy(configs)
    assert type(config.model) is Model
    with pytest.raises(FrozenInstanceError):
        config.model.hidden_dim = 3  # type: ignore[misc]


def test_a_choice_replaces_the_group_and_values_are_laid_over_it(configs: Path) -> None:
    config = toy(configs, "model.dropout=0.5", "model=mini", "model.hidden_dim=16")
    assert config.model == Model(16, 0.5, (4,))


def test_a_choice_replaces_an_inline_group(configs: Path) -> None:
    assert toy(configs, "training=quick").training == Training(1)


def test_a_nested_group_reads_a_nested_folder(configs: Path) -> None:
    config = toy(configs, "model.head=wide", "model=mini")
    assert config.model == Model(8, layers=(4,), head=Head(9))
    write(configs / "model/mini.yaml", "hidden_dim: 8\nhead: wide\n")
    assert toy(configs, "model=mini").model.head == Head(9)
    assert toy(configs, "model=mini", "model.head.members=2").model.head == Head(2)


def test_a_field_may_read_the_folder_of_another_group(configs: Path) -> None:
    assert toy(configs, "other=quick").other == Training(1)


def test_an_inline_mapping_on_the_command_line(configs: Path) -> None:
    assert toy(configs, "training={epochs: 2, learning_rate: 1}").training == Training(2, 1.0)


def test_an_optional_group_starts_as_none_and_can_be_filled(configs: Path) -> None:
    assert toy(configs).fallback is None
    assert toy(configs, "fallback.epochs=2").fallback == Training(2)
    assert toy(configs, "fallback.epochs=2", "fallback=null").fallback is None


def test_a_configuration_is_varied_by_a_file(configs: Path) -> None:
    base = toy(configs, "model.layers=[1]", "training.stop_after=2", "name=base")
    text = "model: mini\ntraining: {epochs: 9}\nweights: {sleep: 1}\n"
    write(configs / "variants/one.yaml", text)
    write(configs / "variants/none.yaml", "# as it is\n{}\n")
    varied = vary(base, "variants", "one", configs)
    assert varied.training == Training(9, stop_after=2.0)  # what it does not name stays
    assert varied.model == Model(8, 0.001, (4,)) and varied.name == "base"
    assert varied.weights == {"mood": 0.4, "sleep": 1.0}
    assert base.weights == {"mood": 0.4}
    assert vary(base, "variants", "none", configs) == base


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trainin: {epochs: 9}", "variants/one.yaml.*Did you mean 'training'"),
        ("training: {epochs: many}", "int for 'training.epochs'"),
        ("model: tiny", "a file of the group 'model'.*Did you mean 'mini'"),
        ("model: {hidden_dim: 0}", "hidden_dim is 0"),
    ],
)
def test_wrong_variants_are_refused(configs: Path, text: str, message: str) -> None:
    write(configs / "variants/one.yaml", text)
    with pytest.raises(ConfigError, match=message):
        vary(toy(configs), "variants", "one", configs)
    with pytest.raises(ConfigError, match="Did you mean 'one'"):
        vary(toy(configs), "variants", "onne", configs)


def test_text_is_taken_as_it_stands(configs: Path) -> None:
    change = "workout_type=Running on weekdays: a #1"
    config = toy(configs, f"change={change}", "name=1e3", "masking=off", "output=a/b")
    assert (config.change, config.name, config.masking) == (change, "1e3", "off")
    assert config.output == Path("a/b")


@pytest.mark.parametrize(("text", "rate"), [("1e-3", 0.001), ("1e3", 1000.0), ("2", 2.0)])
def test_floats_may_be_written_as_exponents_or_integers(
    configs: Path, text: str, rate: float
) -> None:
    received = toy(configs, f"training.learning_rate={text}").training.learning_rate
    assert received == rate
    assert type(received) is float


def test_optionals_lists_tuples_dicts_and_bools(configs: Path) -> None:
    config = toy(
        configs,
        "training.stop_after=3",
        "model.layers=[1,2,3]",
        "users=[ada, bob]",
        "weights.sleep=1",
        "json=true",
        "name=null",
    )
    assert config.training.stop_after == 3.0
    assert config.model.layers == (1, 2, 3)
    assert config.users == ["ada", "bob"]
    assert config.weights == {"mood": 0.4, "sleep": 1.0}
    assert config.json is True
    assert config.name is None


def test_yaml_is_read_back_as_an_equal_configuration(configs: Path, tmp_path: Path) -> None:
    config = toy(configs, "name=1e3", "fallback.stop_after=1e-7", "change=null", "users=['1']")
    write(tmp_path / "run/config.yaml", to_yaml(config))
    assert compose(Toy, "config", [], tmp_path / "run") == config
    assert to_dict(config)["model"]["layers"] == [64, 64]
    assert to_dict(config)["output"] == "runs"


def test_a_list_of_one_needs_no_brackets(configs: Path) -> None:
    chosen = ["model=base", "model.layers=32"]
    assert compose(Toy, "toy", chosen, configs).model.layers == (32,)
    chosen = ["model=base", "model.layers=32, 16"]
    assert compose(Toy, "toy", chosen, configs).model.layers == (32, 16)


def test_outline_shows_what_is_missing_and_what_can_be_chosen(configs: Path) -> None:
    write(configs / "toy.yaml", "json: true\n")
    text = outline(Toy, "toy", [], configs)
    assert "json: true" in text
    assert "model: ???" in text
    assert "# model=NAME, one of: base, mini" in text


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("modle.hidden_dim=3", ["'modle.hidden_dim'", "Did you mean 'model.hidden_dim'?"]),
        ("training.epoch=3", ["'training.epoch'", "Did you mean 'training.epochs'?"]),
        ("hidden_dim=3", ["Did you mean 'model.hidden_dim'?"]),
        ("training.members=3", ["Did you mean 'model.head.members'?"]),
        ("jsn=true", ["Did you mean 'json'?"]),
        ("json.deep=1", ["a known setting", "'json.deep'"]),
        ("model=minni", ["'minni'", "the group 'model'", "Did you mean 'mini'?"]),
        ("model=../toy", ["a file of the group 'model'"]),
        ("fallback=quick", ["There are no files in fallback/."]),
        ("training.epochs=many", ["int for 'training.epochs'", "'many'"]),
        ("training.epochs=1.5", ["int for 'training.epochs'", "1.5"]),
        ("training.epochs=true", ["int for 'training.epochs'"]),
        ("training.epochs=null", ["int for 'training.epochs'", "None"]),
        ("training=null", ["Training for 'training'"]),
        ("json=maybe", ["bool for 'json'", "'maybe'"]),
        ("masking=persn", ["Literal['person', 'off'] for 'masking'"]),
        ("model.layers=[a]", ["tuple[int, ...] for 'model.layers'"]),
        ("model.window=[1,2,3]", ["tuple[int, int] for 'model.window'"]),
        ("weights.mood=high", ["float for 'weights.mood'"]),
        ("model.layers=[1", ["a YAML value", "'[1'"]),
    ],
)
def test_a_wrong_override_names_itself_and_the_nearest(
    configs: Path, override: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        toy(configs, override)
    for part in [f"(from the override {override!r})", *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize("word", ["epochs", "--epochs", "=3", "model..hidden_dim=3"])
def test_a_word_that_sets_nothing_is_refused(configs: Path, word: str) -> None:
    with pytest.raises(ConfigError, match="expected key=value"):
        toy(configs, word)


@pytest.mark.parametrize(
    ("file", "text", "parts"),
    [
        ("toy.yaml", "modl: base\n", ["'modl' (from toy.yaml)", "Did you mean 'model'?"]),
        ("toy.yaml", "model: bass\n", ["'bass' (from toy.yaml)", "Did you mean 'base'?"]),
        ("toy.yaml", "model: 3\n", ["a name or a mapping for the group 'model'", "toy.yaml"]),
        ("toy.yaml", "model: base\nname: 3.5\nchange: no\n", ["str for 'change'", "False"]),
        ("toy.yaml", "json: true\n", ["a value for 'model'", "model=..."]),
        ("toy.yaml", "model: {dropout: 0}\n", ["a value for 'model.hidden_dim'"]),
        ("toy.yaml", "model: base\nmodel: mini\n", ["valid YAML in toy.yaml", "duplicate"]),
        ("toy.yaml", "model: [\n", ["valid YAML in toy.yaml"]),
        ("toy.yaml", "- model\n", ["key: value lines in toy.yaml"]),
        ("toy.yaml", "model: {hidden_dim: '${nowhere}'}\n", ["settings that Toy accepts"]),
        ("model/base.yaml", "hiden_dim: 3\n", ["(from model/base.yaml)", "'model.hidden_dim'"]),
        ("model/base.yaml", "hidden_dim: a\n", ["int for 'model.hidden_dim'", "model/base.yaml"]),
        ("model/base.yaml", "hidden_dim: 0\n", ["Toy accepts", "hidden_dim is 0"]),
    ],
)
def test_a_wrong_file_is_named(configs: Path, file: str, text: str, parts: list[str]) -> None:
    write(configs / file, text)
    with pytest.raises(ConfigError) as caught:
        toy(configs)
    for part in parts:
        assert part in str(caught.value)


def test_a_missing_file_of_defaults_suggests_another(configs: Path) -> None:
    with pytest.raises(ConfigError, match=r"tou\.yaml.*Did you mean 'toy'"):
        compose(Toy, "tou", [], configs)
    with pytest.raises(ConfigError, match=r"Create toy\.yaml"):
        compose(Toy, "toy", [], configs / "nowhere")


def test_the_errors_of_a_dataclass_pass_through(tmp_path: Path) -> None:
    write(tmp_path / "picky.yaml", "low: 0\n")
    with pytest.raises(ConfigError, match=r"expected low <= high; received 2 > 1\. Swap"):
        compose(Picky, "picky", ["low=2"], tmp_path)


@dataclass(frozen=True)
class Trainer:
    kind: str = "adam"
    momentum: float = 0.9
    rate: float = 0.1

    def unused(self) -> dict[str, str]:
        return {"momentum": "Set kind=sgd, too."} if self.kind == "adam" else {}


@dataclass(frozen=True)
class Job:
    trainer: Trainer = field(default_factory=Trainer)


def test_an_override_that_changes_nothing_is_refused_and_a_file_may_hold_it(tmp_path: Path) -> None:
    write(tmp_path / "job.yaml", "trainer: {momentum: 0.5}\n")
    assert compose(Job, "job", ["trainer.rate=0.2"], tmp_path).trainer.momentum == 0.5
    sgd = ["trainer.momentum=0.7", "trainer.kind=sgd"]
    assert compose(Job, "job", sgd, tmp_path).trainer.momentum == 0.7
    with pytest.raises(ConfigError, match=r"changes something.*momentum=0\.7.*Set kind=sgd, too"):
        compose(Job, "job", ["trainer.momentum=0.7"], tmp_path)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("training.learning_rate=nan", "a finite number for 'training.learning_rate'"),
        ("training.stop_after=.inf", "a finite number for 'training.stop_after'"),
        ("weights={mood: .nan}", "a finite number for 'weights.mood'"),
        ("training={learning_rate: -.inf}", "a finite number for 'training.learning_rate'"),
        ("seed=-1", "seed >= 0; received -1"),
    ],
)
def test_numbers_that_nothing_can_be_are_refused(configs: Path, word: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        toy(configs, word)


def test_the_home_folder_is_found_where_shells_leave_it(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    words = ["name=~/log.csv", "output=~/runs", "users=~/a", "change=~1"]
    found = toy(configs, *words)
    assert (found.name, found.output) == ("/home/ann/log.csv", Path("/home/ann/runs"))
    assert (found.users, found.change) == (["/home/ann/a"], "~1")


@pytest.mark.parametrize("word", ["n" * 5000, f"nix=[{'3,' * 5000}]"])
def test_words_too_long_for_a_path_are_no_paths(configs: Path, word: str) -> None:
    with pytest.raises(ConfigError, match=r"expected key=value|expected a known setting"):
        toy(configs, word)
