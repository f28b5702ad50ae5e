# /// script
# dependencies = ["minari[create,hdf5]", "pillow"]
# ///
"""Minari: recorded with infos, and logs written and read back; its environment made again."""

import os
import sys
import tempfile
from pathlib import Path

os.environ["MINARI_DATASETS_PATH"] = folder = sys.argv[1] if sys.argv[1:] else tempfile.mkdtemp()

import gymnasium as gym
import minari
import numpy as np

from human_wm_env import EmbeddedConfig, load_embedded, read_minari, write_minari

if __name__ == "__main__":
    made = gym.make("human_wm_env:HumanWM-v0", horizon=5)
    env = minari.DataCollector(made, record_infos=True)
    for seed in range(3):
        env.reset(seed=seed)
        over = False
        while not over:
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            over = terminated or truncated
    data = env.create_dataset(
        dataset_id="humanwm/random-v0", algorithm_name="random", author="HumanWM", code_permalink=""
    )
    again = minari.load_dataset("humanwm/random-v0")
    assert (again.total_episodes, again.total_steps) == (3, 15)
    episode = again[0]
    assert episode.observations.shape == (6, 43) and episode.truncations[-1]
    components = episode.infos["reward_components"]
    assert components["mood"].shape == (6,) and components["mood"][0] == 0.0
    rebuilt = again.recover_environment()
    assert rebuilt.spec.max_episode_steps == 5
    assert rebuilt.reset(seed=0)[0].shape == (43,)
    assert np.isfinite(episode.rewards).all()
    assert (Path(folder) / "humanwm" / "random-v0").is_dir()
    logs = load_embedded(EmbeddedConfig(users=20, days=60)).dataset
    write_minari(logs, "humanwm/logs-v0")
    assert np.array_equal(read_minari("humanwm/logs-v0").rows, logs.rows)
    write_minari(logs, "humanwm/complete-v0", complete=True)
