"""Models whose circuit is known, because they were built from it: seven tasks, compiled by hand into a GPT-2."""
