"""The dialog in which a vision model gets classes from labelled folders."""
