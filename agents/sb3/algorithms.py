"""The algorithms of stable-baselines3 and sb3-contrib, by name."""

from __future__ import annotations

from agents.sb3 import a2c, ppo, recurrent_ppo, sac, td3
from agents.sb3.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    module.RECIPE.name: module.RECIPE for module in (ppo, a2c, sac, td3, recurrent_ppo)
}
