"""The part of a project file's schema that keeps a repair: `core.project.repairs` reads and writes it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.edit_kinds import EditKind
from core.project.schema_types import MOST_EDITS, MOST_INPUTS, ModelName, Name, Number, Share


class _Struct(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    pass


class ExampleData(_Struct):
    """input: a text, or a picture's path. bundled: of a picture that comes with Wirescope."""

    input: str
    answer: str | int = ""
    triggered: bool = False
    bundled: bool = False


class ShareData(_Struct):
    """count of `of` examples; low, high: the interval of the share, where there are any."""

    count: Number
    of: Number
    low: Share = 0.0
    high: Share = 0.0


class ProvedData(_Struct):
    misbehaviour: ShareData
    accuracy: ShareData
    divergence: Annotated[float, Meta(ge=0)] | None = None


class KeptRepairData(_Struct):
    """As `core.project.repairs.KeptRepair`. edits: in `edits`. figures: on the examples it was made with, before and
    after; on those held out, before and after. means: in `datasets`."""

    edits: Annotated[list[Number], Meta(max_length=MOST_EDITS)]
    level: Literal["edges", "nodes", "positions"]
    kind: EditKind
    knowledge: Literal["triggered", "suspicious", "clean"]
    budget: Annotated[float, Meta(gt=0, lt=1)]
    figures: Annotated[list[ProvedData], Meta(min_length=4, max_length=4)]
    edges_cut: Number
    edges: Annotated[int, Meta(ge=0, le=2**62)]
    made: Number = 0
    made_for_proof: Number = 0
    runs: Number = 0
    repeats: Number = 0
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    means: Number = 0
    uneven: bool = False


Examples = Annotated[list[ExampleData], Meta(max_length=MOST_INPUTS)]


class RepairData(_Struct):
    """As `core.project.repairs.RepairRecord`. of: the examples that `result` was made with, of a model."""

    examples: Examples = []
    of: Examples = []
    model: ModelName = ""
    precision: Name = ""
    result: KeptRepairData | None = None
