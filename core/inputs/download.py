"""A file from an address, to a limit of size and time."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import Cancelled, InputError

FETCH_SECONDS = 15.0
FETCH_BYTES = 50 * 2**20
Report = Callable[[int, int, str], None]
Cancel = Callable[[], bool]


def fetch(address: str, report: Report, cancelled: Cancel) -> bytes:
    """The bytes at a web address. Raises InputError when it cannot be had or is too large, Cancelled."""
    import http.client  # here, because both take longer to import than the window has before it is shown
    import urllib.request

    if not address.startswith(("http://", "https://")):
        raise InputError(f"{address} is no web address.", "Drop a file, a picture or an http address.")
    request = urllib.request.Request(address, headers={"User-Agent": "wirescope"})
    try:
        with urllib.request.urlopen(request, timeout=FETCH_SECONDS) as response:
            total = int(response.headers.get("Content-Length") or 0)
            parts: list[bytes] = []
            size = 0
            while part := response.read(65536):
                if cancelled():
                    raise Cancelled
                parts.append(part)
                size += len(part)
                if max(size, total) > FETCH_BYTES:
                    raise InputError("The picture at this address is larger than 50 MB.", "Save and shrink it first.")
                report(size, total, "Fetching the picture")
            if not size:
                raise InputError(f"{address} gave nothing.", "Save the picture and drop the file.")
            return b"".join(parts)
    except (http.client.HTTPException, OSError, ValueError) as error:  # URLError is an OSError
        raise InputError(
            f"{address} could not be fetched: {getattr(error, 'reason', error)}",
            "Check the network, or save the picture and drop the file.",
        ) from None
