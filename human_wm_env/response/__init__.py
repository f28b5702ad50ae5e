"""How heart rate and mood of a person respond to their days: an exact posterior."""
