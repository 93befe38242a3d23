"""The dialog in which class texts are written."""
