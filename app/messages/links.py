"""What may become of a link to a worker in another process, and how much goes over it."""

from __future__ import annotations

from core.errors import WirescopeError

MOST_SENT = 4_000_000_000  # bytes of files of a window's machine that a worker on another one keeps


class LinkCut(WirescopeError):
    """It cannot be reached now; it may still be there."""


class NotStarted(LinkCut):
    """It waits to be started."""


class WorkerDied(WirescopeError):
    """It is no more."""


class PlaceGone(WirescopeError):
    """Its machine is not there either; it may come back."""


class OtherVersion(WirescopeError):
    """It does not speak as this side does."""
