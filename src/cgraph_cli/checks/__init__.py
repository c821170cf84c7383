"""What `cgraph doctor` looks at: each file one subject, each function some findings."""
