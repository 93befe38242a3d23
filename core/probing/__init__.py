"""Classes for a vision model that has none, from pictures in labelled folders."""
