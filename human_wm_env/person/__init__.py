"""One day of a person: features, actions, observations, rewards, weather, missing cells."""
