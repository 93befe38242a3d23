"""Importing at the start: by Python's own import, where PySide has put one of its own in its place, and without the
garbage collector.

PySide's looks for `from __feature__ import ...`, with which a module can choose other names for Qt's functions. So it
reads the source text of every module that is imported after it: of torch's alone 17 MB, a sixth of the time that torch
takes, and the text is kept. Nothing here uses such features.

What modules make as they are imported stays, so a collector would go over it in vain: a tenth of the processor's time
until the window is shown. From the first circuit on `app.window.garbage_collector` asks for it.
"""

from __future__ import annotations

import builtins
import gc


def import_plainly() -> None:
    """Rest the garbage collector, import PySide and put back the import that was there before; from then on modules are
    imported as without it."""
    gc.disable()
    import PySide6  # noqa: F401

    before = getattr(builtins, "__orig_import__", None)
    if before is not None and builtins.__import__ is getattr(builtins, "__feature_import__", None):
        builtins.__import__ = before
