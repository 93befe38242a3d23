"""A door for programs: a table of tools, and the ways to call them from outside (JSON-RPC over HTTP, MCP)."""
