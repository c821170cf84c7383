"""Pages for people who have nothing but a browser: no JavaScript, nothing from elsewhere."""
