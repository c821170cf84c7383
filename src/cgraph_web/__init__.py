"""How the world reaches CGraph: REST, channels, plugs."""
