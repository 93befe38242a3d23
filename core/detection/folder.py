"""A monitor as a folder that works without Wirescope: `monitor.py` and `model_hooks.py`, which are files of this
program as they are, monitor.json, monitor.safetensors and a card. The model itself is not in it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from core.detection import monitor
from core.edited import hooks
from core.edited.folder import new_folder, write_text
from core.models.model import Model

INSIDE = "from core.edited.hooks import Hooks"  # as this program has it
BESIDE = "from model_hooks import Hooks"


class Watched(Protocol):
    """What is written: `core.detection.watch.Watch`, whose words say what each is."""

    @property
    def model(self) -> Model: ...
    @property
    def plan(self) -> dict[str, Any]: ...
    @property
    def values(self) -> dict[str, Tensor]: ...
    @property
    def parts(self) -> list[str]: ...
    @property
    def threshold(self) -> float: ...
    @property
    def fitted(self) -> int: ...
    @property
    def calibrated(self) -> int: ...
    @property
    def false_alarms(self) -> float: ...


def save_monitor(watch: Watched, folder: Path) -> Path:
    """Write it. Raises WirescopeError where the folder holds something already, or cannot be written."""
    from safetensors.torch import save_file

    def write(place: Path) -> None:
        document = {"format": "wirescope monitor", "version": 1, "model": watch.model.name}
        write_text(place / "monitor.json", json.dumps({**document, **watch.plan}, indent=1))
        save_file(watch.values, place / "monitor.safetensors", metadata={"format": "pt"})
        source = Path(monitor.__file__).read_text(encoding="utf-8")
        write_text(place / "monitor.py", source.replace(INSIDE, BESIDE))
        write_text(place / "model_hooks.py", Path(hooks.__file__).read_text(encoding="utf-8"))
        write_text(place / "README.md", card(watch))

    new_folder(folder, write)
    return folder


def card(watch: Watched) -> str:
    names = watch.parts
    listed = ", ".join(f"`{name}`" for name in names[:40]) + (f" and {len(names) - 40} more" if len(names) > 40 else "")
    called = "ids" if watch.model.is_text else "pixels"
    text = watch.model.is_text
    lengths = " Rows that are padded on the right need `lengths=`, how many tokens of each are real." if text else ""
    return f"""# A monitor for {watch.model.title}

Made with Wirescope for `{watch.model.name}`. It says of an input whether it makes the watched parts carry more than
ordinary inputs do. It is right for this model's weights alone, which are not in this folder.

```python
import sys

sys.path.insert(0, "this folder")
from monitor import load

monitor = load("this folder", model)  # the model as transformers or timm opens it; it computes what it did before
scores = monitor({called})  # [row]; above monitor.threshold it is an alarm
alarms = monitor.alarms({called})
monitor.remove()  # takes it off
```

It needs PyTorch and safetensors.{lengths}

- **Watched**: {listed}
- **Threshold**: {watch.threshold:.4g}, from {watch.calibrated:,} reference inputs that the statistics are not from. Of
  inputs like these, at most {100 * watch.false_alarms:g} % are above it on average (split conformal).
- **Statistics**: from {watch.fitted:,} reference inputs.

A score says that an input is unlike the reference inputs where it was watched, not that something is wrong with it.
Inputs of another kind are alarms too.
"""
