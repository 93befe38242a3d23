"""The classes of a zero-shot model, as texts that the user writes."""
