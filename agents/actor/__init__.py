"""An actor that knows amounts from categories; it acts in NumPy, whatever trained it."""
