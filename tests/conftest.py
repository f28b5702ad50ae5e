"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# A loaded machine is no failure: speed is measured in scripts/benchmark.py.
# The same examples in every run: what fails once fails again.
settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")
