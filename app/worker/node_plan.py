"""What a model needs on a node of a cluster, from its configuration alone: run there. A call imports torch."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory


def node_plan(
    model: str, precision: str, tokens: int, eight_bits: bool = False, config: bytes = b""
) -> tuple[tuple[str, int], ...]:
    """What takes how many bytes: the weights, and beside them a session, a cut, a trace, a scan. tokens: of an input,
    where the model is one of language. eight_bits: whether the layers' weights are rounded to 8 bits. config: what is
    in the config.json of a model's folder elsewhere, for where there is none here. Raises WirescopeError for a model
    that is not there."""
    from core.planning.plan import plan
    from core.planning.sketch import sketch

    with TemporaryDirectory(prefix="wirescope-config-") as folder:
        if config and not Path(model).expanduser().exists():
            model = folder
            (Path(folder) / "config.json").write_bytes(config)
        whole = sketch(model, precision, eight_bits=eight_bits)
    planned = plan(whole, 0 if whole.adapter.shape.input_kind == "image" else tokens, measure=False)
    return ("the weights", planned.weights), *((need.what, need.bytes) for need in planned.needs)
