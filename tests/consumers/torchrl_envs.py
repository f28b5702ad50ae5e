# /// script
# dependencies = ["torch", "torchrl"]
# ///
"""TorchRL: GymEnv, our VectorEnv as a batch, two processes, and a collector."""

import gymnasium as gym
import torch
from torchrl.collectors import Collector
from torchrl.envs import GymEnv, GymWrapper, ParallelEnv
from torchrl.envs.utils import check_env_specs

ID = "human_wm_env:HumanWM-v0"


class ArraysOnly(gym.vector.VectorWrapper):
    """Leave the dict `reward_components` out of infos, which TorchRL cannot batch in SAME_STEP."""

    @property
    def autoreset_mode(self) -> gym.vector.AutoresetMode:
        return self.env.autoreset_mode

    def reset(self, **arguments: object) -> tuple:
        observations, info = self.env.reset(**arguments)
        return observations, arrays_of(info)

    def step(self, actions: object) -> tuple:
        *stepped, info = self.env.step(actions)
        return *stepped, arrays_of(info)


def arrays_of(info: dict) -> dict:
    kept = {key: value for key, value in info.items() if not key.endswith("reward_components")}
    if "final_info" in kept:
        kept["final_info"] = arrays_of(kept["final_info"])
    return kept


def made() -> GymEnv:
    return GymEnv(ID, horizon=5)


if __name__ == "__main__":
    single = made()
    check_env_specs(single)
    assert single.rollout(9)["next", "reward"].shape == (5, 1)

    for mode, wrapped in (("Disabled", lambda env: env), ("SameStep", ArraysOnly)):
        slots = wrapped(gym.make_vec(ID, num_envs=4, horizon=5, autoreset_mode=mode))
        rollout = GymWrapper(slots).rollout(12, break_when_any_done=False)
        assert rollout["next", "reward"].shape == (4, 12, 1)
        assert rollout["next", "truncated"].sum() == 4 * 2
        assert torch.isfinite(rollout["next", "observation"]).all()

    parallel = ParallelEnv(2, made)
    assert parallel.rollout(5)["next", "reward"].shape == (2, 5, 1)
    parallel.close()

    collector = Collector(made, policy=None, frames_per_batch=20, total_frames=40)
    batches = [batch["next", "truncated"].sum().item() for batch in collector]
    assert batches == [4, 4]
    collector.shutdown()
