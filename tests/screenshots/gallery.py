"""The figures of the gallery (packaging/figures/README.md): `make figures`. Each is made by
the terminal's own command, which is printed before it; one whose model pack is not installed is left out, with a line
that says so."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "packaging" / "figures"
SAMPLES = "resources/samples"
METRIC = "logit_difference: Mary: John"
CLEAN = "When Mary and John went to the store, John gave a drink to"
COUNTERFACTUAL = "When Mary and John went to the store, Tom gave a drink to"
GROUPED = "CIRCUIT"  # stands for a circuit's file with groups


@dataclass(frozen=True)
class Shown:
    """A figure: its file's name, what it is of, and the options of `wirescope export`."""

    name: str
    source: tuple[str, ...]
    options: tuple[str, ...]


def of_text(model: str) -> tuple[str, ...]:
    return "--model", model, "--clean", CLEAN, "--counterfactual", COUNTERFACTUAL, "--metric", METRIC


def of_pictures(model: str, clean: str, counterfactual: str) -> tuple[str, ...]:
    samples = ("--clean", f"{SAMPLES}/{clean}", "--counterfactual", f"{SAMPLES}/{counterfactual}")
    return "--model", model, *samples, "--metric", "logit_difference:circle:heart"


COLUMN = ("--width", "column", "--dpi", "200")
GALLERY = (
    Shown("names-column", of_text("bundled:names"), ("--edges", "40", *COLUMN)),
    Shown("names-groups-print", (GROUPED,), ("--palette", "print", *COLUMN)),
    Shown(
        "shapes-column",
        of_pictures("bundled:shapes", "shapes/circle.png", "shapes/circle-as-heart.png"),
        ("--edges", "30", *COLUMN),
    ),
    Shown("smollm2-folded", of_text("pack:smollm2"), ("--edges", "30", "--fold", *COLUMN)),
    Shown(
        "smollm2-slide",
        of_text("pack:smollm2"),
        ("--edges", "20", "--fold", "--palette", "dark", "--width", "slide", "--dpi", "100", "--no-caption"),
    ),
    Shown("names-graph", of_text("bundled:names"), ("--edges", "60", "--cut", "a2.h1", "--scale", "2")),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    os.chdir(ROOT)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from app.__main__ import main as wirescope
    from core.models import packs

    options.folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for shown in GALLERY:
            if options.names and shown.name not in options.names:
                continue
            pack = next((part[5:] for part in shown.source if part.startswith("pack:")), "")
            if pack and not packs.is_installed(pack):
                print(f"{shown.name}: left out, pack:{pack} is not installed", file=sys.stderr)
                continue
            source = (str(grouped(Path(folder))),) if shown.source == (GROUPED,) else shown.source
            out = os.path.relpath(options.folder / f"{shown.name}.png")
            command = ["export", *source, "--format", "png", *shown.options, "--out", out]
            print("wirescope", shlex.join(command), flush=True)
            failed |= wirescope(command)
    return failed


def grouped(folder: Path) -> Path:
    """A circuit of `names` with two groups, by what its heads read and write."""
    from dataclasses import replace

    import wirescope as ws
    from core.groups import Group

    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(CLEAN, COUNTERFACTUAL), metric=ws.logit_difference(" Mary", " John"))
    circuit = ws.trace(session, "eap-ig").top(40)
    writers = dict.fromkeys(edge.writer for edge in circuit if edge.writer.kind == "head")
    into_output = {edge.writer for edge in circuit if edge.reader.kind == "logits"}
    late = tuple(node for node in writers if node in into_output)
    early = tuple(node for node in writers if node.layer == 0 and node not in into_output)
    groups = (Group("into the output", "violet", late), Group("first layer", "teal", early))
    path = folder / "names.json"
    replace(circuit, groups=groups).save(path)
    return path


if __name__ == "__main__":
    sys.exit(main())
