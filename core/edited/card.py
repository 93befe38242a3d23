"""The card of an edited model: what it is made of, what was edited, how it opens."""

from __future__ import annotations

from collections.abc import Sequence

from core.edit_kinds import KINDS
from core.edits import edit_words, parse_edit
from core.errors import EditError
from core.models.model import Model


def baked_card(model: Model, edits: Sequence[str], changed: Sequence[str]) -> str:
    """Of a checkpoint whose weights hold the edits. changed: the parameters that are other ones."""
    rows = "\n".join(f"- `{name}`" for name in changed) or "- none"
    return f"""{_head(model, edits)}
The edits are in the weights: this folder opens as any checkpoint does.

{_opens(model)}
## Parameters that differ from the original

{rows}

All others are the original's.
"""


def hooked_card(model: Model, edits: Sequence[str], reasons: Sequence[str]) -> str:
    """Of the original weights with the edits beside them. reasons: why weights cannot hold them."""
    why = "\n".join(f"- {reason}" for reason in dict.fromkeys(reasons))
    return f"""{_head(model, edits)}
**The weights are the original's, without the edits.** `edited_model.py` puts these in, as hooks on the model's own
modules. It needs {_library(model)} and safetensors:

```python
import sys

sys.path.insert(0, "this folder")
from edited_model import load

model = load("this folder")  # an ordinary model; generation has the edits too
model.edits.remove()  # takes them out
```

Weights cannot hold these edits:

{why}

`edits.json` says what is edited and where the parts of the model are; `edits.safetensors` holds the values that edits
put in. Positions are counted from the start of the input. Values that were taken from an input are there at its
positions; beyond them such an edit changes nothing.
"""


def _head(model: Model, edits: Sequence[str]) -> str:
    rows = "\n".join(f"| `{edit}` | {_words(edit)} |" for edit in edits)
    return f"""# {model.title}, edited

Made with Wirescope from `{model.name}`, whose licence and limits apply.

| edit | what it does |
|---|---|
{rows}
"""


def _words(written: str) -> str:
    try:
        edit = parse_edit(written)
    except EditError:  # a vector is written by its size
        kind = written.rpartition("=")[2].partition(":")[0]
        return next((row.done for name, row in KINDS.items() if name == kind and row.along), "changed along a vector")
    done = KINDS[edit.kind].done
    return done if edit.value is None and edit.strength == 1 else f"{done} ({edit_words(edit)})"


def _library(model: Model) -> str:
    return "transformers" if hasattr(model.adapter.module, "save_pretrained") else "timm"


def _opens(model: Model) -> str:
    if _library(model) == "timm":
        made = 'model = timm.create_model("local-dir:this folder", pretrained=True).eval()'
        return f"```python\nimport timm\n\n{made}\n```\n"
    name = type(model.adapter.module).__name__
    return f'```python\nfrom transformers import {name}\n\nmodel = {name}.from_pretrained("this folder")\n```\n'
