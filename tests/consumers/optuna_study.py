# /// script
# dependencies = ["optuna", "stable-baselines3", "torch"]
# ///
"""Optuna: a study of PPO's step size with pruning."""

import gymnasium as gym
import optuna
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor

ID = "human_wm_env:HumanWM-v0"


def judged(trial):
    rate = trial.suggest_float("learning_rate", 1e-5, 1e-2, log=True)
    agent = PPO("MlpPolicy", gym.make(ID), n_steps=64, learning_rate=rate, seed=0)
    score = 0.0
    for step in range(3):
        agent.learn(64, reset_num_timesteps=False)
        score = float(evaluate_policy(agent, Monitor(gym.make(ID)), n_eval_episodes=2)[0])
        trial.report(score, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return score


if __name__ == "__main__":
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=0),
    )
    study.optimize(judged, n_trials=5)
    assert len(study.trials) == 5 and study.best_value > 0.0
