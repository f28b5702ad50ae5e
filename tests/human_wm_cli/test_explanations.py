from __future__ import annotations

import dataclasses
import importlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.registry import ALGORITHMS
from human_wm_cli.config import compose, outline
from human_wm_cli.explanations import attributes_of
from human_wm_cli.main import COMMANDS

#: a choice that the group's name has made, and the blocks of which a mapping has a number each
NEED_NONE = {"algorithm", "a", "b", "c"}


@dataclass(frozen=True)
class Base:
    """Of all.

    Attributes:
        seed: of everything: people, days
            and noise. `None` draws one.
        low, high: bounds; rate: a speed.

    More text: this is no setting.
    """

    seed: int | None = 0
    low: float = 0.0
    high: float = 1.0
    rate: float = 2.0


@dataclass(frozen=True)
class Own(Base):
    """Of one.

    Attributes:
        high: of this one.
        low: as in `Base`.
    """

    high: float = 2.0
    unexplained: int = 0


def test_what_a_dataclass_and_its_base_say() -> None:
    assert attributes_of(Own) == {
        "seed": "of everything: people, days and noise. `None` draws one.",
        "low": "bounds; rate: a speed.",
        "high": "of this one.",
        "rate": "a speed.",
    }


@dataclass(frozen=True)
class Whole:
    """All.

    Attributes:
        own: what is set.
        names: of somebody.
    """

    own: Own = field(default_factory=Own)
    names: list[str] = field(default_factory=list)


def test_help_has_settings_beside_their_meaning(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "whole.yaml").write_text("{}\n")
    lines = outline(Whole, "whole", [], folder).splitlines()
    assert lines[0].split("#") == ["own:".ljust(38), " what is set"]
    assert lines[1].split("#") == [
        "  seed: 0".ljust(38),
        " of everything: people, days and noise. null draws one",
    ]
    assert "  unexplained: 0" in lines
    assert compose(Whole, "whole", [], folder) == Whole()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_setting_of_a_command_is_explained(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    importlib.import_module(f"human_wm_cli.commands.{command.replace('-', '_')}").run(["--help"])
    _, _, rest = capsys.readouterr().out.partition("\nSettings and their values")
    _, _, settings = rest.partition(":\n\n")
    lines = [line for line in settings.splitlines() if ":" in line.partition("#")[0]]
    bare = [line for line in lines if "#" not in line and len(line) < 38]
    assert [line for line in bare if line.split(":")[0].strip() not in NEED_NONE] == []
    assert max(len(line) for line in settings.splitlines()) <= 100


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_setting_of_an_agent_is_explained(algorithm: str) -> None:
    config = ALGORITHMS[algorithm].config
    names = {field.name for field in dataclasses.fields(config)} - {"algorithm"}
    assert names <= set(attributes_of(config))
