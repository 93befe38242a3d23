"""`wirescope lens repair`: what later heads and MLPs do about an edit, and what cutting them together does."""

from __future__ import annotations

import argparse
import csv
import io
from typing import TYPE_CHECKING, Any

from app.cli.arguments import ABLATION_FLAGS
from app.cli.lens_options import add_lens_options, checked_out, write_out
from app.cli.output import say, say_json
from app.cli.run import open_session
from app.cli.tables import aligned
from core.edits import ABLATIONS, REPLACED
from core.errors import ArgumentError
from core.formatting import percent, signed

if TYPE_CHECKING:
    from core.lens.repair import BackupEffects, SelfRepair

WORDS = "print which later heads and MLPs make up for an edit, the norm's share, and what cutting them together does"
EXAMPLES = """
wirescope lens repair --model bundled:names --clean "Mary met John. John spoke to" --edit a2.h1=zero
wirescope lens repair --model pack:smollm2 --clean "Mary met John. John spoke to" --edit a17.h4=mean --backups 5
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    add_lens_options(parser, lens_repair_command, metric=True)
    parser.add_argument("--backups", type=int, default=3, metavar="N", help="how many of them to list and to cut (3)")
    parser.add_argument(
        *ABLATION_FLAGS, dest="replacement", choices=ABLATIONS, help="what their cuts put in (as the edit, else zero)"
    )


def lens_repair_command(options: argparse.Namespace) -> int:
    from core.graph import Reader
    from core.lens.repair import backup_effects, self_repair
    from core.pictures.heat_map import heat_map

    out = checked_out(options)
    if not options.edit:
        raise ArgumentError("Self-repair is of an edit.", "Give one: --edit a2.h1=zero. The last one is asked about.")
    if options.backups < 1:
        raise ArgumentError("There must be one backup at least.", "Give --backups 3.")
    session, edits = open_session(options)
    target = session.graph.parse(edits[-1].name)
    if isinstance(target, Reader):
        raise ArgumentError(f"{edits[-1].name} is a reader.", "Give an edit of a node or of an edge.")
    *others, edit = edits
    others = [other for other in others if other.name != edit.name]
    repair = self_repair(session, session.run(others), session.run(edits), target, options.backups)
    kind = options.replacement or (edit.kind if edit.kind in ABLATIONS else "zero")
    free = [row.node for row in repair.repairs if row.node.name not in {other.name for other in others}]
    cut = backup_effects(session, [edit], free, kind, others) if free else None
    if options.json:
        say_json(_report(repair, cut))
    else:
        say("\n".join(_table(repair, cut, edit.name, session.metric.name)))
    rows = repair.repairs
    write_out(
        out,
        lambda: _csv(repair),
        lambda: heat_map(
            [[row.change, row.by_norm] for row in rows] or [[0.0, 0.0]],
            [row.node.name for row in rows] or ["none"],
            ["written", "by norm"],
            title=f"what makes up for {edit.name}",
        ),
    )
    return 0


def _table(repair: SelfRepair, cut: BackupEffects | None, edit: str, metric: str) -> list[str]:
    lines = [
        f"direct shares of {repair.words}, in logits, on this input",
        f"the edit of {edit} changes it by {signed(repair.effect + repair.norm, 3)}: {signed(repair.effect, 3)} with "
        f"the norm's scale kept, {signed(repair.norm, 3)} by the scale",
        f"what later nodes write otherwise against it: {signed(repair.total, 3)} in all; "
        f"of all that works against it, the norm's share is {percent(repair.norm_share)}",
    ]
    if not repair.repairs:
        return [*lines, "No later head or MLP makes up for it to speak of."]
    rows = [("node", "writes otherwise", "by the norm")]
    rows += [(row.node.name, signed(row.change, 3), signed(row.by_norm, 3)) for row in repair.repairs]
    lines += ["", *aligned(rows, "<>>")]
    if cut is not None:
        table = [
            ("", "cut together", "one by one, summed"),
            ("with the edit", signed(cut.after.joint, 3), signed(cut.after.summed, 3)),
            ("without it", signed(cut.before.joint, 3), signed(cut.before.summed, 3)),
        ]
        names = ", ".join(node.name for node in cut.nodes)
        lines += [
            "",
            f"change of {metric} by really cutting {names} ({REPLACED[cut.kind]})",
            "",
            *aligned(table, "<>>"),
        ]
        lines.append(f"the edit alone: {signed(cut.edit, 3)}; with them: {signed(cut.together, 3)}")
    return lines


def _report(repair: SelfRepair, cut: BackupEffects | None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "of": repair.words,
        "effect": repair.effect,
        "by norm": repair.norm,
        "norm's share": repair.norm_share,
        "against it": repair.total,
        "repairs": [
            {"node": row.node.name, "writes otherwise": row.change, "by norm": row.by_norm} for row in repair.repairs
        ],
    }
    if cut is not None:
        report["cut"] = {
            "nodes": [node.name for node in cut.nodes],
            "put in": cut.kind,
            "edit": cut.edit,
            "together": cut.together,
            **{
                name: {"joint": each.joint, "alone": list(each.alone), "summed": each.summed}
                for name, each in (("with the edit", cut.after), ("without it", cut.before))
            },
        }
    return report


def _csv(repair: SelfRepair) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("node", "writes otherwise", "by norm"))
    lines.writerows((row.node.name, f"{row.change:.6g}", f"{row.by_norm:.6g}") for row in repair.repairs)
    return text.getvalue()
