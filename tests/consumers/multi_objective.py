# /// script
# dependencies = ["mo-gymnasium", "morl-baselines", "torch"]
# ///
"""MO-Gymnasium's wrappers, and CAPQL of morl-baselines."""

import mo_gymnasium as mo_gym
import numpy as np
from mo_gymnasium.wrappers import LinearReward
from morl_baselines.multi_policy.capql.capql import CAPQL

ID = "human_wm_env:HumanWM-MO-v0"

if __name__ == "__main__":
    env = mo_gym.make(ID, horizon=5)
    assert env.unwrapped.reward_space.shape == (4,) == (env.unwrapped.reward_dim,)
    env.reset(seed=0)
    reward = env.step(env.action_space.sample())[1]
    assert isinstance(reward, np.ndarray) and reward.shape == (4,)
    weights = np.array([0.4, 0.3, 0.1, 0.2])
    scalar = LinearReward(mo_gym.make(ID, horizon=5), weight=weights)
    scalar.reset(seed=0)
    assert 0.0 <= float(scalar.step(scalar.action_space.sample())[1]) <= 1.0

    agent = CAPQL(mo_gym.make(ID, horizon=5), log=False, learning_starts=20, batch_size=16)
    agent.train(
        total_timesteps=60,
        eval_env=mo_gym.make(ID, horizon=5),
        ref_point=np.zeros(4),
        num_eval_weights_for_front=4,
        num_eval_episodes_for_front=1,
        eval_freq=1000,
    )
    assert agent.eval(env.reset(seed=0)[0], weights).shape == (7,)
