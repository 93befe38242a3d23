"""Classes from labelled folders, for a vision model that has none."""
