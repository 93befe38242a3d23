"""Angles are kept by the model, which sessions in several threads share: each gets those of its own length."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch

from core.models.adapter import Places
from core.models.rotary import first_pass
from tests.core.engine.cases import case


@pytest.mark.parametrize("family", ["llama-grouped", "gemma3"])
def test_angles_fit_though_another_thread_puts_others_in_their_place(family: str, monkeypatch) -> None:
    adapter: Any = case(family).model.adapter
    q = torch.zeros(1, 5, 1, adapter.shape.head_width, dtype=adapter.dtype)
    rotary = adapter._rotary

    class Crowded(dict):  # type: ignore[type-arg]
        """As soon as something is put in, another thread puts in what is of a shorter input."""

        def __setitem__(self, kind: object, kept: Any) -> None:
            super().__setitem__(kind, ((2, kept[0][1]), kept[1][:2], kept[2][:2]))

    monkeypatch.setattr(adapter, "_angles", Crowded())
    places = Places(torch.arange(5)[None], 5)
    for layer in range(adapter.shape.layers):
        cos, _ = adapter.angles(layer, q, places)
        kind = [adapter.rotary_kind(layer)] if adapter.rotary_kind(layer) is not None else []
        assert torch.equal(cos[0], rotary(q, torch.arange(5)[None], *kind)[0][0])


def test_growing_angles_are_put_back_for_one_thread_at_a_time() -> None:
    """One that came in between would keep, as before the first input, what the other has grown."""

    class Growing(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.original_max_seq_len = self.max_seq_len_cached = 8

    part, inside, entered = Growing(), threading.Event(), threading.Event()

    def other() -> None:
        inside.set()
        with first_pass([part]):
            entered.set()
            assert part.max_seq_len_cached == 8

    thread = threading.Thread(target=other)
    with first_pass([part]):
        part.max_seq_len_cached = 99
        thread.start()
        assert inside.wait(30)
        assert not entered.wait(0.1)
        with first_pass([part]):  # the same thread may
            pass
    thread.join(30)
    assert entered.is_set()
    assert part.max_seq_len_cached == 8
