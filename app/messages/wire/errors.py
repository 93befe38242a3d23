"""What is said of messages that cannot cross."""

from __future__ import annotations

from core.errors import WirescopeError

HINT = "Both sides must be the same version of Wirescope."


class WireError(WirescopeError):
    """A message that cannot cross, or that is none."""
