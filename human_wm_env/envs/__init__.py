"""One Env and one VectorEnv over any World, and what surrounds them."""
