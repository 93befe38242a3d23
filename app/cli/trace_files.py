"""The forms that `wirescope trace` writes scores in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.inputs.dataset_columns import FileRow
    from core.models.model import Model
    from core.tracing.scores import Scores

FORMS = {
    "wirescope": "all that is known, as JSON",
    "eap-ig": "EAP-IG's graph file, as JSON",
    "eap-ig-pt": "the same for torch, .pt",
    "parquet": "a row an edge, for data frames, .parquet",
    "mib": "a folder for MIB's leaderboard, with the scores of all edges",
    "mib-circuits": "the same with nine circuits instead",
}
USUAL_FORM = "wirescope"
FOLDERS = ("mib", "mib-circuits")
MARKED = 200  # edges in the graph of an EAP-IG file


def check_out(out: Path, form: str) -> None:
    """Make sure, before the work, that it can be written. Raises ArgumentError, WirescopeError."""
    from core.saving import check_place

    if form == "eap-ig-pt" and out.suffix != ".pt":
        raise ArgumentError(f"--out {out} does not end in .pt.", "Torch's files do, and are read by it.")
    if form == "parquet":
        from core.interchange.parquet import arrow

        arrow()
        if out.suffix != ".parquet":
            raise ArgumentError(f"--out {out} does not end in .parquet.", "Such files do, and are read by it.")
    if form not in FOLDERS:
        check_place(out)
        return
    if out.suffix or out.is_file():
        raise ArgumentError(f"--out {out} is no folder, and --format {form} fills one.", "Give --out ioi_gpt2.")
    check_place(out / "x" if out.is_dir() else out)


def write_scores(out: Path, form: str, scores: Scores, rows: Sequence[FileRow], model: Model, size: int | None) -> None:
    """size: edges in the graph of an EAP-IG file. Raises WirescopeError."""
    from core.interchange.eap_ig_files import MarkedScores, scores_to_eap_ig
    from core.interchange.eap_ig_pt import eap_ig_pt
    from core.interchange.mib_files import write_circuits, write_importances
    from core.interchange.parquet import scores_to_parquet
    from core.interchange.scores_files import scores_to_json
    from core.saving import save_bytes, save_text

    width, added = model.adapter.shape.width, "position" in model.input_words
    if form == "wirescope":
        save_text(out, scores_to_json(scores, rows))
    elif form == "parquet":
        save_bytes(out, scores_to_parquet(scores, rows))
    elif form == "mib":
        write_importances(out, scores, width)
    elif form == "mib-circuits":
        write_circuits(out, scores, width)
    else:
        kept = MARKED if scores.kept is None else int(scores.kept.sum())
        circuit = scores.select(size if size is not None else min(kept, model.graph.n_edges))
        marked = MarkedScores(scores, circuit, width, rows, added)
        if form == "eap-ig":
            save_text(out, scores_to_eap_ig(marked))
        else:
            save_bytes(out, eap_ig_pt(marked))
