"""Formats of exports, one file each; `registry.FORMATS` lists them."""
