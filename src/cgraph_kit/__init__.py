"""What CGraph stands on: database, streams, pub/sub, presence and the channel protocol, with no CGraph word in it."""
