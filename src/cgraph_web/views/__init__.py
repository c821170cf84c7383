"""The JSON of every resource, shared by REST and channels."""
