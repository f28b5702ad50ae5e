# /// script
# dependencies = ["torch"]
# ///
"""PPO for continuous actions in one file, as CleanRL writes it, on the wrappers that it uses."""

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Normal

ENVS, STEPS, UPDATES = 4, 64, 3


def make_env():
    env = gym.make("human_wm_env:HumanWM-v0")
    env = gym.wrappers.FlattenObservation(env)
    env = gym.wrappers.RecordEpisodeStatistics(env)
    env = gym.wrappers.ClipAction(env)
    env = gym.wrappers.NormalizeObservation(env)
    space = env.observation_space
    env = gym.wrappers.TransformObservation(env, lambda seen: np.clip(seen, -10, 10), space)
    return gym.wrappers.NormalizeReward(env, gamma=0.99)


def net(width):
    return nn.Sequential(nn.Linear(43, 64), nn.Tanh(), nn.Linear(64, width))


if __name__ == "__main__":
    torch.manual_seed(0)
    envs = gym.vector.SyncVectorEnv([make_env for _ in range(ENVS)])
    actor, critic, spread = net(7), net(1), nn.Parameter(torch.zeros(7))
    parameters = [*actor.parameters(), *critic.parameters(), spread]
    optimizer = torch.optim.Adam(parameters, lr=3e-4)
    observation, _ = envs.reset(seed=1)
    returns = []
    for _ in range(UPDATES):
        kept = []
        for _ in range(STEPS):
            seen = torch.as_tensor(observation, dtype=torch.float32)
            policy = Normal(actor(seen), spread.exp())
            action = policy.sample()
            observation, reward, terminated, truncated, info = envs.step(action.numpy())
            kept.append((seen, action, policy.log_prob(action).sum(-1), critic(seen)[:, 0], reward))
            if "episode" in info:
                returns += info["episode"]["r"][info["_episode"]].tolist()
        seen, action, before, value = (torch.stack([one[i] for one in kept]) for i in range(4))
        paid = torch.as_tensor(np.array([one[4] for one in kept]), dtype=torch.float32)
        gains = (paid - value).detach()
        for _ in range(4):
            policy = Normal(actor(seen), spread.exp())
            ratio = (policy.log_prob(action).sum(-1) - before.detach()).exp()
            loss = -torch.min(ratio * gains, ratio.clamp(0.8, 1.2) * gains).mean()
            loss = loss + 0.5 * (critic(seen)[..., 0] - paid).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert len(returns) == ENVS * (STEPS * UPDATES // 31) and np.isfinite(returns).all()
