"""Where the time of a scan goes, by kind of operator."""

from __future__ import annotations

import torch
from torch.profiler import ProfilerActivity, profile

import wirescope as ws
from core.graph import Edge
from tests.benchmarks.table import Table

KINDS = {
    "products with weights": ("linear_pointwise", "addmm", "mm", "bmm", "baddbmm"),
    "attention": ("flash_attention_for_cpu", "softmax"),
    "activation of the MLP": ("gelu", "silu"),
    "norms": ("layer_norm",),
}


def scan_parts(session: ws.Session, edges: list[Edge]) -> Table:
    """Shares of the operators' time; the second scan of some edges, when weights are packed."""
    ws.Scan(session, edges).run()
    with profile(activities=[ProfilerActivity.CPU]) as measured, torch.no_grad():
        ws.Scan(session, edges).run()
    took = dict.fromkeys([*KINDS, "all else"], 0.0)
    for event in measured.key_averages():
        name = event.key.split("::")[-1].lstrip("_").removeprefix("native_").removeprefix("scaled_dot_product_")
        kind = next((kind for kind, names in KINDS.items() if name in names), "all else")
        took[kind] += event.self_cpu_time_total
    total = sum(took.values())
    rows = [[kind, f"{time / total:.2f}"] for kind, time in took.items()]
    return Table("Where a scan of DINOv2's edges takes its time", ("what", "share"), rows)
