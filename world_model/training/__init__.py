"""How the nets are trained, stage by stage."""
