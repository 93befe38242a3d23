"""Rows of files and of tasks as pairs of a model, and the session over them."""
