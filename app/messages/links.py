"""What may become of a link to a worker in another process."""

from __future__ import annotations

from core.errors import WirescopeError


class LinkCut(WirescopeError):
    """It cannot be reached now; it may still be there."""


class WorkerDied(WirescopeError):
    """It is no more."""


class PlaceGone(WirescopeError):
    """Its machine is not there either; it may come back."""
