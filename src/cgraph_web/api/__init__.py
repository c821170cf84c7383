"""The handlers: one file per resource, typed in, one context call, a view out."""
