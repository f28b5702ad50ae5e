# /// script
# dependencies = ["stable-baselines3", "sb3-contrib", "torch", "moviepy"]
# [tool.consumer]
# extras = "[plot]"
# ///
"""stable-baselines3 and sb3-contrib: on- and off-policy, recurrent, videos."""

import tempfile
from pathlib import Path

import gymnasium as gym
from sb3_contrib import TQC, RecurrentPPO
from stable_baselines3 import PPO, SAC
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecVideoRecorder

ID = "human_wm_env:HumanWM-v0"

if __name__ == "__main__":
    envs = make_vec_env(ID, n_envs=4, seed=0)
    agent = PPO("MlpPolicy", envs, n_steps=64, batch_size=64, seed=0).learn(256)
    assert len(evaluate_policy(agent, make_vec_env(ID, 2), 4, return_episode_rewards=True)[0]) == 4
    env = gym.make(ID, observation="dict")
    SAC("MultiInputPolicy", env, learning_starts=10, seed=0).learn(60)
    TQC("MlpPolicy", gym.make(ID), learning_starts=10, seed=0).learn(40)
    RecurrentPPO("MlpLstmPolicy", ID, n_steps=32, batch_size=32, seed=0).learn(64)

    folder = Path(tempfile.mkdtemp())
    frames = make_vec_env(ID, 1, env_kwargs={"render_mode": "rgb_array"})
    video = VecVideoRecorder(frames, str(folder), lambda step: step == 0, video_length=10)
    video.reset()
    for _ in range(11):
        video.step([video.action_space.sample()])
    video.close()
    single = gym.make(ID, render_mode="rgb_array", horizon=5)
    recorded = gym.wrappers.RecordVideo(single, str(folder / "gymnasium"))
    recorded.reset(seed=0)
    while not recorded.step(recorded.action_space.sample())[3]:
        pass
    recorded.close()
    assert len(list(folder.rglob("*.mp4"))) == 2
