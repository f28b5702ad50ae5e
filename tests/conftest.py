"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# A loaded machine is no failure: speed is measured in scripts/benchmark.py.
settings.register_profile("no deadlines", deadline=None)
settings.load_profile("no deadlines")
