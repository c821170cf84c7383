"""Groups: communities with channels, roles, permissions and members."""
