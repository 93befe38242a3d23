"""What the dialog of the door says: plain values that the application fills in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DoorData:
    """Addresses of JSON-RPC and of MCP, and the token of both. missing: why there is no MCP; then its address is
    empty."""

    rpc: str
    mcp: str
    token: str
    missing: str = ""

    @property
    def text(self) -> str:
        """All of it, for the clipboard."""
        lines = [f"JSON-RPC: {self.rpc}", *([f"MCP: {self.mcp}"] if self.mcp else [])]
        return "\n".join([*lines, f"Authorization: Bearer {self.token}"])
