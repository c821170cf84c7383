"""Embedded servers: start, watch and stop them."""
