"""The tools of the door for programs: what each is told, what it does to the work, what it answers. The window and the
terminal serve the same."""
