"""What serves requests in the worker's thread. Imports torch, and no Qt."""
