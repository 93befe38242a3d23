"""The bundled models, one folder each, and their training scripts."""
