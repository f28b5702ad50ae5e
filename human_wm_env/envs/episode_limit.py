"""The spec of an environment says how many steps its episodes last."""

from __future__ import annotations

import dataclasses

from gymnasium.envs.registration import EnvSpec

from human_wm_env.worlds.world import AnyWorld


class EpisodeLimit:
    """Keep `spec.max_episode_steps` equal to the horizon of the world.

    The world's horizon is the one limit of an episode. Those who read limits (time-aware
    wrappers, makers of data sets) look for it in the spec, and Gymnasium puts a TimeLimit around
    an environment that is made from such a spec: at the same step, so that it changes nothing.

    Attributes:
        limit_is_argument: the entry point takes `max_episode_steps`, too, and refuses another
            horizon beside it; the spec then hands it on, or the TimeLimit would cut longer
            episodes.
    """

    world: AnyWorld
    limit_is_argument = False
    _spec: EnvSpec | None = None

    @property
    def spec(self) -> EnvSpec | None:
        """How the environment was made; None without a registered id."""
        return self._spec

    @spec.setter
    def spec(self, spec: EnvSpec | None) -> None:
        if spec is not None:
            limit = self.world.horizon
            own = {"max_episode_steps": limit} if self.limit_is_argument else {}
            spec = dataclasses.replace(spec, max_episode_steps=limit, kwargs=spec.kwargs | own)
        self._spec = spec
