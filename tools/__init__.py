"""What is made by programs and kept: run when its source changes, never at run time."""
