"""The dialog in which the place is chosen where the work is done."""
