"""Files people bring: taken in, looked at, kept, handed out."""
