"""A model at several steps of its training: its checkpoints, opened one at a time, and what becomes of a behaviour."""
