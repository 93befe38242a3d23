"""Detection: whether an input makes parts of a model carry more than usual."""
