"""View data, made from the document and from what the engine answers; shared by the window and the command line."""
