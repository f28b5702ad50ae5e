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


def made() -> GymEnv:
    return GymEnv(ID, horizon=5)


if __name__ == "__main__":
    single = made()
    check_env_specs(single)
    assert single.rollout(9)["next", "reward"].shape == (5, 1)

    for mode in ("Disabled", "SameStep"):
        slots = gym.make_vec(ID, num_envs=4, horizon=5, autoreset_mode=mode)
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
