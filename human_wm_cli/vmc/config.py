"""The settings of `humanwm vmc`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from agents.evolution.hyperparameters import CMAESConfig
from agents.sb3.hyperparameters import PPOConfig, SACConfig
from human_wm_cli.real_env import RealEnvConfig
from human_wm_cli.run import RunConfig
from human_wm_env import ConfigError
from human_wm_env.settings import one_of
from world_model.training.config import StageConfig
from world_model.vector.config import VectorModelConfig

STANDARD, FULL = "standard", "full"
CMA_ES, PPO, SAC = "cma_es", "ppo", "sac"
_TINY: dict[str, dict[str, Any]] = {  # with smoke=true
    "nets": {
        "vae": StageConfig(epochs=5, learning_rate=1e-3, batch_people=64),
        "rnn": StageConfig(epochs=15, learning_rate=5e-3, clip_norm=10.0, batch_people=16),
        **{"vae_hidden": 32, "memory": 8, "hidden": 32, "outcome_hidden": 16, "members": 3},
    },
    CMA_ES: {"generations": 4, "population": 8, "episodes": 2, "hidden": 0},
    PPO: {"steps": 4_000, "slots": 16, "n_steps": 50, "batch_size": 400},
    SAC: {"steps": 1_200, "slots": 4, "learning_starts": 400, "gradient_steps": 1},
}


def _cma_es() -> CMAESConfig:
    return CMAESConfig(
        generations=150, population=32, episodes=8, hidden=16, part="z", sigma=1.0, warm_start=0
    )


def _ppo() -> PPOConfig:
    return PPOConfig(
        steps=400_000,
        slots=48,
        n_steps=100,
        batch_size=800,
        gamma=0.98,
        gae_lambda=0.95,
        warm_start=0,
    )


def _sac() -> SACConfig:
    return SACConfig(
        steps=60_000, slots=16, learning_starts=2_000, gamma=0.98, gradient_steps=4, warm_start=0
    )


@dataclass(frozen=True)
class VMCConfig:
    """Settings of the command.

    Attributes:
        env: the environment.
        steps: real steps that V and M learn from, of all rounds together.
        rounds: how often is collected, learned and trained; from the second one on, the
            controller of the round before plays.
        chance: probability of a random action, each step, where a controller collects.
        parameter_noise: standard deviation of what is added to the weights of a controller of
            CMA-ES where it collects, drawn anew for every episode.
        warm_start: from the second round on V is kept, M goes on from the round before for
            nets.more_epochs, and CMA-ES from its controller, with a first step of `next_sigma`;
            otherwise each round learns everything anew.
        next_sigma: see warm_start.
        collector: the algorithm whose controller collects: cma_es, ppo or sac.
        algorithms: what trains controllers in the dream; verdict=full adds sac.
        world_model: checkpoint folder to take in place of training one; None trains.
        nets: sizes and training of V and M.
        cma_es: settings of CMA-ES; cma_es.part=null reads h beside z.
        ppo: settings of PPO.
        sac: settings of SAC.
        verdict: standard; or full, which adds SAC, controllers of other temperatures, an exploit
            search and the ablation with an untrained M.
        episodes: that each controller plays in both worlds for the verdict.
        temperature: of the dream that controllers are trained in.
        pessimism: penalty per unit of uncertainty in that dream, in units of the reward, see `Env`;
            a step then asks all members, and is slower.
        halting: ends that dream where members disagree more than so many times what 1 in 100 real
            steps reaches, see `VectorDreamWorld`; None ends none. For tasks whose rewards are
            positive.
        locomotion: for bodies that fall, such as Hopper-v5 and Humanoid-v5: the settings of
            `configs/vmc_locomotion.yaml` in place of `configs/vmc.yaml`.
        smoke: everything tiny, to see that it runs.
        seed: of everything.
        run: the folder of the run; with run.resume=true it goes on where it stopped.
        json: print one JSON object instead of tables.
    """

    env: RealEnvConfig
    steps: int = 10_000
    rounds: int = 1
    chance: float = 0.2
    parameter_noise: float = 0.0
    warm_start: bool = False
    next_sigma: float = 0.5
    collector: str = PPO
    algorithms: list[str] = field(default_factory=lambda: [CMA_ES, PPO])
    world_model: str | None = None
    nets: VectorModelConfig = field(default_factory=VectorModelConfig)
    cma_es: CMAESConfig = field(default_factory=_cma_es)
    ppo: PPOConfig = field(default_factory=_ppo)
    sac: SACConfig = field(default_factory=_sac)
    verdict: str = STANDARD
    episodes: int = 100
    temperature: float = 1.0
    pessimism: float = 0.0
    halting: float | None = None
    locomotion: bool = False
    smoke: bool = False
    seed: int = 0
    run: RunConfig = field(default_factory=RunConfig)
    json: bool = False

    def __post_init__(self) -> None:
        one_of(self.verdict, (STANDARD, FULL), "a verdict")
        for name in self.algorithms:
            one_of(name, (CMA_ES, PPO, SAC), "an algorithm that vmc trains")
        if not self.algorithms:
            raise ConfigError("at least one algorithm", "none", "Give algorithms=[cma_es,ppo].")
        if self.rounds > 1 and self.collector not in self.algorithms:
            raise ConfigError(
                "a collector out of algorithms",
                f"collector={self.collector}, algorithms={self.algorithms}",
                "Add it to algorithms.",
            )
        if self.rounds < 1 or self.steps < self.rounds or self.episodes < 2:
            raise ConfigError(
                "rounds >= 1, steps >= rounds and episodes >= 2",
                f"{self.rounds}, {self.steps} and {self.episodes}",
                "Raise them.",
            )
        if self.pessimism < 0.0:
            raise ConfigError("pessimism >= 0", f"{self.pessimism}", "0 turns it off.")
        if self.halting is not None and not self.halting > 0.0:
            raise ConfigError("halting > 0", f"{self.halting}", "None ends no dream.")
        if self.parameter_noise < 0.0 or self.next_sigma <= 0.0:
            raise ConfigError(
                "parameter_noise >= 0 and next_sigma > 0",
                f"{self.parameter_noise} and {self.next_sigma}",
                "Correct the setting that is out of range.",
            )
        if self.parameter_noise and self.collector != CMA_ES:
            raise ConfigError(
                f"collector={CMA_ES} with parameter_noise",
                f"collector={self.collector}",
                "Only weights of CMA-ES are perturbed: leave one of the two out.",
            )
        if self.world_model is not None and self.rounds > 1:
            raise ConfigError(
                "one round with a world_model, which is not trained again",
                f"rounds={self.rounds}",
                "Leave one of the two out.",
            )

    def unused(self) -> dict[str, str]:
        """Return settings that change nothing, and why."""
        found = {}
        if self.rounds == 1:
            found["chance"] = "Controllers collect from the second round on: set rounds=2."
            for name in ("collector", "parameter_noise", "warm_start"):
                found[name] = found["chance"]
        if self.rounds == 1 or not self.warm_start:
            found["next_sigma"] = "CMA-ES begins anew: set warm_start=true."
            found["nets.more_epochs"] = "M begins anew: set warm_start=true."
        trained = [*self.algorithms, *([SAC] if self.verdict == FULL else [])]
        for name in (CMA_ES, PPO, SAC):
            if name not in trained:
                found[name] = f"It is not trained: add {name} to algorithms."
        if self.world_model is not None:
            found["nets"] = "The world model is given, not trained."
        for name in ("nets", CMA_ES, PPO, SAC):
            found[f"{name}.seed"] = "The command's seed takes its place."
        if self.smoke:
            why = "smoke=true takes tiny ones."
            found |= {f"{group}.{name}": why for group, own in _TINY.items() for name in own}
        return found


def seeded(config: VMCConfig) -> VMCConfig:
    """Return the settings with the one seed everywhere, tiny ones if smoke=true."""
    if config.smoke:
        config = _tiny(config)
    return replace(
        config,
        nets=replace(config.nets, seed=config.seed),
        cma_es=replace(config.cma_es, seed=config.seed),
        ppo=replace(config.ppo, seed=config.seed),
        sac=replace(config.sac, seed=config.seed),
    )


def _tiny(config: VMCConfig) -> VMCConfig:
    return replace(
        config,
        steps=min(config.steps, 2_000),
        episodes=min(config.episodes, 4),
        **{name: replace(getattr(config, name), **sizes) for name, sizes in _TINY.items()},
    )
