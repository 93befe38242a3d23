"""`wirescope map`: where in a picture the stream says an answer, layer by layer, and how that overlaps with a mask."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.arguments import DATASET_HELP, add_device_option
from app.cli.output import say, say_json, tell
from app.cli.run import open_session
from app.cli.run_options import add_run_options
from app.cli.tables import aligned
from core.errors import ArgumentError, InputError
from core.formatting import percent

if TYPE_CHECKING:
    from core.lens.patch_maps import Overlap, PatchMaps
    from core.session import Session

WORDS = "print where in a picture the model says an answer, layer by layer, and the overlap with a mask"
EXAMPLES = """
wirescope map --model bundled:shapes --clean circle.png
wirescope map --model bundled:shapes --clean circle.png --answer circle --mask mask.png --out circle.csv
wirescope map --model pack:dinov2-small --clean cat.jpg --patch 120 --edit m3=zero
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser, metric=False)
    parser.add_argument("--answer", help="whose probability is read at each patch (the likeliest one)")
    parser.add_argument(
        "--patch", type=int, metavar="N", help="instead: how like each patch is to this one, counted row by row from 0"
    )
    parser.add_argument(
        "--mask",
        metavar="FILE",
        help="a picture, white where the object is: how well do the maps overlap with it (IoU)?",
    )
    parser.add_argument("--out", metavar="FILE.csv", help="write the maps of all layers there")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_device_option(parser)
    parser.add_argument("--dataset", metavar="FILE", help=DATASET_HELP)
    parser.set_defaults(do=map_command)


def map_command(options: argparse.Namespace) -> int:
    from core.lens.patch_maps import patch_maps
    from core.saving import save_text

    out = None if options.out is None else Path(options.out)
    if out is not None and out.suffix.lower() != ".csv":
        raise ArgumentError(f"The maps are written as CSV, not as {out.suffix or out.name!r}.", "Name it FILE.csv.")
    session, edits = open_session(options)
    maps = patch_maps(session, options.answer, reference=options.patch, edits=edits)
    overlap = None if options.mask is None else maps.overlap(_mask(options, session))
    if maps.warning:
        tell(maps.warning)
    if options.json:
        say_json(_report(maps, overlap))
    else:
        say("\n".join(_table(maps, overlap)))
    if out is not None:
        save_text(out, maps.to_csv())
        tell(f"Written to {out}.")
    return 0


def _mask(options: argparse.Namespace, session: Session) -> Any:
    from core.inputs.image_region import mask_of_file, picture_size

    processing = session.model.processing
    if processing is None:
        raise InputError("This model has no image processor, so a mask cannot be read for it.", "Leave out --mask.")
    height, width = session.pair.clean.tensor.shape[-2:]
    return mask_of_file(options.mask, processing, (height, width), picture_size(options.clean)).numpy()


def _table(maps: PatchMaps, overlap: Overlap | None) -> list[str]:
    rows = [("after", "least", "most", *(() if overlap is None else ("IoU", "at best")))]
    for number, (stage, values) in enumerate(zip(maps.stages, maps.values, strict=True)):
        row = (stage, f"{values.min():.4f}", f"{values.max():.4f}")
        rows.append(row if overlap is None else (*row, percent(overlap.iou[number]), percent(overlap.best[number])))
    what = (
        f"cosine of each patch to {maps.of}" if maps.unit == "cosine" else f"probability of {maps.of!r} at each patch"
    )
    lines = [what, "", *aligned(rows, "<>>>>"[: len(rows[0])])]
    if overlap is not None:
        lines += [
            "",
            "IoU: how well the patches above the map's mean overlap with the mask;",
            "at best: those above the threshold that fits the mask best.",
            f"The whole picture taken as the object would have {percent(overlap.all_of_it)}.",
        ]
    return lines


def _report(maps: PatchMaps, overlap: Overlap | None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "of": maps.of,
        "unit": maps.unit,
        "stages": list(maps.stages),
        "values": maps.values.tolist(),
        "warning": maps.warning,
    }
    if overlap is not None:
        report |= {"iou": overlap.iou.tolist(), "best iou": overlap.best.tolist(), "whole picture": overlap.all_of_it}
    return report
