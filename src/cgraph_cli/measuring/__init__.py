"""What `cgraph bench` is made of: a throw-away server, people who talk to it, and what came of it."""
