"""What else could be done about the fault: a file a rival, on the same examples as the repair."""
