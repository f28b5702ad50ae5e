"""An actor that learned to act as the planner that imagines."""
