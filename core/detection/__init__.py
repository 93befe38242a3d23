"""Detection: whether an input makes parts of a model carry what they usually do not, and whether a model hides a rule."""
