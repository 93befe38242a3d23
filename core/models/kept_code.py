"""How much code of its products a process of the program keeps.

For each form of weight and number of rows oneDNN makes code of its own, about .6 MB, and both it and PyTorch keep 1024
of these: a scan of many layers came to hundreds of megabytes. A model needs about ten; a new one takes 2 ms.

Both read how many from the environment at the first product of the process, and can be told in no other way. So the
program says it where its processes begin, and nothing is said in a notebook that imports Wirescope.
"""

from __future__ import annotations

import os

KEPT_CODE = 32
VARIABLES = "ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"  # oneDNN's, and PyTorch's


def bound_kept_code() -> None:
    """For a process of the program, before its first product. What the user has set stays."""
    for variable in VARIABLES:
        os.environ.setdefault(variable, str(KEPT_CODE))
