"""Who is here: replicated, batched, mergeable."""
