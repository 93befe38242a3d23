"""What serves requests in the engine's thread. Imports torch, and no Qt."""
