# /// script
# dependencies = ["d3rlpy", "minari[hdf5]", "pillow", "torch"]
# [tool.consumer]
# alone = true
# ///
"""d3rlpy, whose pin of Gymnasium excludes ours, on what `tests/consumers/minari_data.py` wrote."""

import os
import sys

os.environ["MINARI_DATASETS_PATH"] = sys.argv[1]

import d3rlpy
import minari
import numpy as np

if __name__ == "__main__":
    for name in ("humanwm/random-v0", "humanwm/logs-v0", "humanwm/complete-v0"):
        episodes = list(minari.load_dataset(name).iterate_episodes())
        data = d3rlpy.dataset.MDPDataset(
            observations=np.concatenate([one.observations[:-1] for one in episodes]),
            actions=np.concatenate([one.actions for one in episodes]),
            rewards=np.concatenate([one.rewards for one in episodes]),
            terminals=np.concatenate([one.terminations for one in episodes]),
            timeouts=np.concatenate([one.truncations for one in episodes]),
        )
        agent = d3rlpy.algos.TD3PlusBCConfig(batch_size=8).create()
        agent.fit(data, n_steps=20, n_steps_per_epoch=10, show_progress=False, save_interval=100)
        assert agent.predict(episodes[0].observations[:2].astype(np.float32)).shape == (2, 7)
