"""The embedded people: traits, habits, physiology, missingness, and their simulator."""
