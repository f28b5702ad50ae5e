"""Files: read with bounds and checks before anything is believed, written whole or not at all."""
