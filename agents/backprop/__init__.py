"""An actor trained by back-propagation through the dream: analytic policy gradients."""
