"""`wirescope export --format model`: the edited model as a folder that transformers or timm opens."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.arguments import parse_edits, refuse_pictures
from app.cli.made_b import made_counterfactual
from app.cli.open_model import open_model
from app.cli.output import say, tell
from app.cli.pairs import memory_of
from app.cli.run_options import inputs_of_file
from core.datasets.made_pairs import pair_of
from core.datasets.picture_regions import with_regions
from core.errors import ArgumentError

if TYPE_CHECKING:
    from core.models.model import Model
    from core.session import Session

FOLDER = "edited-model"


def export_model_command(options: argparse.Namespace) -> int:
    from core.edited.export import export_model

    edits = parse_edits(options.edit, options.cut)
    if not edits:
        raise ArgumentError("There is no edit to export.", "Give some: --cut a1.h0, or --edit m3=mean.")
    model = open_model(options.model, options.precision, weights=options.weights)
    export = export_model(model, edits, options.out or FOLDER, _session(options, model))
    if export.form == "hooks":
        tell("The weights are the original's: edited_model.py in the folder puts the edits in.")
        for reason in dict.fromkeys(export.reasons):
            tell(f"  {reason}")
    say(export.folder)
    return 0


def _session(options: argparse.Namespace, model: Model) -> Session | None:
    """What values and positions of edits are taken from: the inputs that the options name, or nothing."""
    from core.session import Session

    dataset = None if options.dataset is None else inputs_of_file(model, Path(options.dataset))
    if options.clean is None:
        if dataset is None:
            return None
        return Session(model, dataset.pairs[0], dataset=dataset, mean_over_positions=True, **memory_of(options))
    if model.is_text:
        refuse_pictures(model, (options.clean, options.counterfactual))
    pair = pair_of(model, options.clean, made_counterfactual(options))
    pair = with_regions(model, pair, options.region, options.clean)
    return Session(model, pair, dataset=dataset, **memory_of(options))
