"""Where prediction is necessary: the same agent with and without its world-model head."""
