"""What training and stepping share of a world model: sizes, inputs, layouts, the checkpoint."""
