"""The probes that are known here, by the hash of their bytes: those that were fitted or read since the program began,
and those of before, which lie in the user's data folder (a few kilobytes each), so that a model's name with a probe
opens again tomorrow."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import platformdirs

from core.errors import InputError, ModelError, WirescopeError
from core.models.probe import Probe, probe_of, save_probe

_known: dict[str, Probe] = {}


def probes_folder() -> Path:
    """`probes` in the user's data folder, or in $WIRESCOPE_DATA if that is set."""
    root = os.environ.get("WIRESCOPE_DATA") or platformdirs.user_data_dir("wirescope", appauthor=False)
    return Path(root) / "probes"


def _place(digest: str) -> Path:
    return probes_folder() / f"{digest}.probe"


def know(probe: Probe) -> str:
    """Know a probe until the program ends: one of a project that is opened. Gives its hash."""
    _known[probe.digest] = probe
    return probe.digest


def keep(probe: Probe) -> str:
    """Know a probe from now on; gives its hash. Where the folder cannot be written, until the program ends."""
    digest = know(probe)
    with suppress(OSError, WirescopeError):
        if not _place(digest).exists() or _place(digest).read_bytes() != probe.content:  # damaged since
            probes_folder().mkdir(parents=True, exist_ok=True)
            save_probe(_place(digest), probe)
    return digest


def kept(digest: str) -> Probe:
    """The probe of a hash. Raises ModelError where it is not known here."""
    if digest not in _known:
        with suppress(OSError, InputError):
            content = _place(digest).read_bytes()
            if hashlib.sha256(content).hexdigest() == digest:
                _known[digest] = probe_of(content)
    if digest not in _known:
        raise ModelError(
            f"The probe {digest[:12]}… of this model is not on this computer.",
            "Open the project that it was saved with, give its file (--probe in the terminal), or fit it again.",
        )
    return _known[digest]
