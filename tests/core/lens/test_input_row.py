"""One rule of all lenses: a row that the batch does not have is refused, never taken for another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import wirescope as ws
from core.errors import ArgumentError
from core.graph import Node
from core.lens.artefacts import artefact_patches
from core.lens.logit_lens import node_lens, stream_lens
from core.lens.positions import written_norms
from core.lens.promoted import head_promotes, promoted
from core.lens.reading import attention_to
from core.result import Result
from core.session import Session
from tests.core.engine.cases import case

MLP, HEAD = Node("mlp", 0), Node("head", 0, 1)
LENSES: dict[str, Callable[[Session, Result, int], object]] = {
    "attention_pattern": lambda _, result, row: ws.attention_pattern(result, 0, 1, row),
    "value_weighted_attention": lambda _, result, row: ws.value_weighted_attention(result, 0, 1, row),
    "attention_to": lambda _, result, row: attention_to(result, [1], [0], row),
    "stream_lens": lambda _, result, row: stream_lens(result, MLP, 1, row=row),
    "node_lens": lambda _, result, row: node_lens(result, MLP, 1, row=row),
    "logit_lens": lambda _, result, row: ws.logit_lens(result, row=row),
    "promoted": lambda _, result, row: promoted(result, result.state.embedding[0, 0], row=row),
    "head_promotes": lambda _, result, row: head_promotes(result, HEAD, source=0, position=1, row=row),
    "written_norms": lambda _, result, row: written_norms(result, MLP, row),
    "query_key": lambda session, result, row: ws.query_key(session, HEAD, 1, 0, result, row),
}


def test_every_lens_refuses_a_row_that_is_not_there() -> None:
    session = case("gpt2", batch=2).session()
    result = session.run(positions="all")
    for name, lens in LENSES.items():
        lens(session, result, 1)
        for row in (2, -1):
            with pytest.raises(ArgumentError, match=f"no row {row}") as refused:
                lens(session, result, row)
            assert refused.value.hint == "The pair has 2 inputs, rows 0 to 1.", name


def test_so_do_those_of_pictures() -> None:
    session = case("vit-classifier", batch=2).session()
    for lens in (lambda row: ws.patch_maps(session, 3, row=row), lambda row: artefact_patches(session, row=row)):
        lens(1)
        for row in (2, -1):
            with pytest.raises(ArgumentError, match=f"no row {row}"):
                lens(row)
