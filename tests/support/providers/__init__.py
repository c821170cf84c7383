"""Local servers that behave like the push services, so that what we send them is read as they would read it."""
