"""What every request passes on its way to a handler, one concern a file."""
