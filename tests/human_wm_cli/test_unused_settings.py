"""Words that would change nothing are refused, and count where what they are of is there."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from human_wm_cli.commands import train
from human_wm_cli.commands.benchmark import BenchmarkConfig
from human_wm_cli.commands.check_uniform import CheckUniformConfig
from human_wm_cli.commands.evaluate import EvaluateAgentConfig
from human_wm_cli.commands.report import ReportWorldModelConfig
from human_wm_cli.config import compose
from human_wm_cli.vmc.config import VMCConfig
from human_wm_env import ConfigError

ELSEWHERE = "world={id: PatternEcho-v0}"
SCHEMAS: dict[str, type] = {
    "benchmark": BenchmarkConfig,
    "check_uniform": CheckUniformConfig,
    "evaluate_agent": EvaluateAgentConfig,
    "report_world_model": ReportWorldModelConfig,
    "vmc": VMCConfig,
}
# command; settings; the word that counts with them; others, with which it does not; and why
CASES = [
    ("train_agent", "env=dream", "env.pessimism=1", "env=simulator", "env=dream"),
    ("train_agent", "agent.layers=1", "agent.width=8", "agent.layers=0", "raise layers"),
    ("train_agent", "", "agent.steps=9", "total_steps=9", "total_steps takes its place"),
    ("train_agent", "agent=cma_es", "measurements=2", "agent=habit", "habit keeps no states"),
    ("train_agent", "agent=backprop", "measurements=2", "agent=oracle", "oracle keeps no states"),
    ("train_agent", "agent=ppo", "checkpoint_days=0", "agent=reinforce", "reinforce keeps no"),
    ("train_agent", "env.id=HumanWM-v0", "measurements=2", "env.id=Detour-v0", "where people are"),
    (
        *("train_agent", "agent=reinforce agent.planning.depth=1", "agent.planning.beam=4"),
        *("agent=reinforce", "Set depth"),
    ),
    (
        *("train_agent", "agent=reinforce agent.curriculum.levels=[{}]"),
        *("agent.curriculum.window=9", "agent=reinforce", "Set levels"),
    ),
    (
        *("train_agent", "agent=reinforce", "agent.random_share=0.5"),
        *("agent=reinforce agent.world_model_coef=0", "raise world_model_coef"),
    ),
    ("evaluate_agent", ELSEWHERE, "episodes=9", "", "evaluation.people counts"),
    ("evaluate_agent", "", "evaluation.people=9", ELSEWHERE, "leave world out"),
    ("evaluate_agent", "", "dream.horizon=9", ELSEWHERE, "leave world out"),
    ("evaluate_agent", "sb3_zips={ppo: a.zip}", "trust_sb3_zip=true", "", "sb3_zips="),
    ("benchmark", "against=there", "pairs=3", "", "against=PATH"),
    (
        *("check_uniform", "training.rollouts.weight=1", "training.rollouts.days=3"),
        *("training.rollouts.weight=0", "training.rollouts.weight"),
    ),
    ("report_world_model", "", "card.refine_rate=1", "card.refine_steps=0", "Raise refine_steps"),
    ("vmc", "env.id=P", "nets.memory=9", "env.id=P smoke=true", "smoke=true takes tiny ones"),
    ("vmc", "env.id=P", "ppo.gamma=0.9", "env.id=P ppo.seed=3", "ppo.seed=3.*takes its place"),
    (
        *("check_uniform", "training.decoder_weight=1", "training.decoder_days=3"),
        *("training.decoder_weight=0", "Raise training.decoder_weight"),
    ),
]


def composed(command: str, words: list[str]) -> Any:
    schema = train.chosen_schema(words) if command == "train_agent" else SCHEMAS[command]
    return compose(schema, command, words)


def words_of(text: str) -> list[str]:
    return [text] if "{id" in text or "{ppo" in text else text.split()


@pytest.mark.parametrize(("command", "those", "word", "others", "why"), CASES)
def test_a_word_that_changes_nothing_is_refused(
    command: str, those: str, word: str, others: str, why: str
) -> None:
    composed(command, [*words_of(those), word])
    with pytest.raises(ConfigError, match=rf"(?s)a setting that changes something.*{why}"):
        composed(command, [*words_of(others), word])


@pytest.mark.parametrize("words", [[ELSEWHERE], ["sb3_zips={ppo: a.zip}"]])
def test_every_name_is_a_setting(words: list[str]) -> None:
    config = composed("evaluate_agent", words)
    assert [name for name in config.unused() if not exists(config, name.split("."))] == []


def exists(config: object, path: list[str]) -> bool:
    for name in path:
        if not is_dataclass(config) or name not in {each.name for each in fields(config)}:
            return False
        config = getattr(config, name)
    return True
