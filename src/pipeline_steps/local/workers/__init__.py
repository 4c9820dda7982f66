"""Programs that run inside a step's process; they use the standard library only."""
