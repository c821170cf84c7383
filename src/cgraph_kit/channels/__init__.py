"""The realtime engine: Phoenix channels over WebSocket and long polling."""
