"""What CGraph is: its contexts."""
