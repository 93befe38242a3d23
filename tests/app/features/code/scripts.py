"""Documents to write scripts of, and what those print."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import replace
from pathlib import Path

from PIL import Image

from app.features.registry import handler_modules
from app.messages.request import Reply, Request
from app.worker.service import WorkerService
from core.edits import Edit
from core.groups import Group
from core.inputs.corruption_kinds import ImageCorruption
from core.nodes import Node
from core.project.document import Document, Source
from core.project.examples import example
from core.project.target_names import target_named as at
from tests.small_models import save_pair

NUMBER = re.compile(r"-?\d+\.\d{7}")


def names() -> Document:
    """Edits of text: of a node, a group, an edge, a reader by its edge, with positions, strengths and vectors."""
    edits = (
        Edit(at("a1.h0"), "zero"),
        Edit(at("a1.h1"), "zero"),
        Edit(at("m0"), "scale", (2, 3), 0.5, 0.7),
        Edit(at("input->m1"), "patch", strength=0.6),
        Edit(at("m1"), "steer", (5,), [0.3, -0.2] * 128, 1.5),
        Edit(at("a0.h2->a1.h3<v>"), "noise", None, 0.5, 1.0, 3),
        Edit(at("m0->m1"), "project", None, [*[0.3, -0.2] * 128, 0.4], 0.8),
    )
    group = Group("movers", "teal", (Node("head", 1, 0), Node("head", 1, 1)))
    return replace(example("names/0").document, edits=edits, groups=(group,), pinned=(" Tom", "id:3"))


def shapes() -> Document:
    """Five edits of a picture with a word printed on it, at patches among them."""
    edits = (
        Edit(at("a1.h0"), "patch", (4, 5, 6)),
        Edit(at("m1"), "mean"),
        Edit(at("input->a1.h1<q>"), "zero", None, None, 0.5),
        Edit(at("a0.h1"), "scale", None, -0.5),
        Edit(at("m0->m1"), "patch", (0, 3)),
    )
    document = example("shapes/0").document
    attack = ImageCorruption("word", text="a ring", size=0.3, place="top", sticker=False)
    b = replace(document.clean, corruption=attack)
    return replace(document, counterfactual=b, edits=edits)


def tower(folder: Path) -> Document:
    """A picture given by its bytes, its B made from it, through CLIP's vision tower."""
    save_pair("CLIP", folder)
    out = io.BytesIO()
    Image.effect_mandelbrot((12, 12), (-2, -1.5, 1, 1.5), 30).convert("RGB").save(out, "PNG")
    a = Source("image", data=out.getvalue(), name="a")
    edits = (
        Edit(at("a1.h2"), "zero"),
        Edit(at("m0"), "patch", (1, 2, 3), strength=0.5),
        Edit(at("input->m1"), "mean"),
        Edit(at("a0.h0"), "scale", None, 2.0),
        Edit(at("a0.h1->a1.h1<k>"), "patch"),
    )
    mask = io.BytesIO()
    Image.effect_mandelbrot((12, 12), (-2, -1.5, 1, 1.5), 30).point(lambda value: 255 * (value > 0)).save(mask, "PNG")
    noise = ImageCorruption("noise", seed=2, mask=mask.getvalue())
    return Document(f"vision:{folder}", a, replace(a, corruption=noise), edits=edits)


def replies_to(document: Document, **asked: object) -> dict[type, Reply]:
    """What the window's worker says of a document, the last of each kind."""
    replies: dict[type, Reply] = {}
    request = Request(1, document, **asked)  # type: ignore[arg-type]
    WorkerService(handler_modules).serve(request, lambda reply: replies.update({type(reply): reply}), lambda: False)
    return replies


def printed(script: str) -> str:
    """Run a script as a program, alone."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(script, "script.py", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def figures(text: str) -> list[float]:
    """The figures of a text, in their order."""
    return [float(number) for number in NUMBER.findall(text)]
