"""Batch transform: files cut into requests, a model's handlers over each, the answers put together."""
