"""Repairs: find the parts that carry a fault, cut them, prove it on held-out inputs, export the model."""
