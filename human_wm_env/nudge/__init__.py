"""Nudges in place of whole days: what may be sent, who complies, and the world made of both."""
