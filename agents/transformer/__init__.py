"""An agent that learns by interaction alone: a transformer with a world-model head."""
