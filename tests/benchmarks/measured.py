"""Where the measured tables stand: `python -m tests.benchmarks PART --write` puts those of a part into
resources/docs/measured.md, in place of the ones before, and makes README's summary from that page anew."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from pathlib import Path

from core.studies.icl_table import LEFT
from tests.benchmarks.table import Table

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
MEASURED = ROOT / "resources" / "docs" / "measured.md"
PAGES = {  # of parts that have a page of their own
    "repair": MEASURED.with_name("repair.md"),
    "dissociate": MEASURED.with_name("specific.md"),
    "detect": MEASURED.with_name("detection.md"),
    "rules": MEASURED.with_name("rules.md"),
    "tune": MEASURED.with_name("tuning.md"),
    "modalities": MEASURED.with_name("modalities.md"),
    "folders": MEASURED.with_name("files.md"),
    "typographic": MEASURED.with_name("typographic.md"),
    "checkpoints": MEASURED.with_name("checkpoints.md"),
    "pair": MEASURED.with_name("checkpoints.md"),
    "icl": MEASURED.with_name("icl.md"),
    "heads": MEASURED.with_name("heads.md"),
    "large": MEASURED.with_name("long.md"),
    "long": MEASURED.with_name("long.md"),
    "spread": MEASURED.with_name("models.md"),
    "window": MEASURED.with_name("long.md"),
    "plan": MEASURED.with_name("plan.md"),
    "many": MEASURED.with_name("many.md"),
    "million": MEASURED.with_name("many.md"),
    "remote": MEASURED.with_name("remote.md"),
    "weights": MEASURED.with_name("models.md"),
}
SUMMARY = ("eap-ig", "eap", "circuit-pruning", "flow-rollout", "random")
HEAD_ROWS = (
    "nothing: the outcome",
    "induction without function vector, 10 %",
    "matched to these, by layer",
    "function vector without induction, 10 %",
    "both, 10 %",
    "random",
    "the induction pattern alone, of all heads",
    LEFT,
)
NAMES_ROWS = ("induction, 10 %", "matched to these, by layer", "random")
PRINTED_WORDS = ("says the word", "lost without", "edges cut", "seconds")

Rows = dict[str, dict[str, str]]


def has_place(part: str, text: str, place: str = "") -> bool:
    """place: of some of its tables."""
    return _place(_name(part, place)).search(text) is not None


def with_tables(text: str, part: str, tables: Sequence[Table]) -> str:
    """The page with a part's tables, each at its place; other places stay as they are. Raises ValueError where there is
    no place for them."""
    for place in dict.fromkeys(table.place for table in tables):
        some = (table.as_markdown() for table in tables if table.place == place)
        text = filled(text, _name(part, place), "\n\n".join(some))
    return text


def with_summary(readme: str, measured: str) -> str:
    """README with the summary of a page of tables."""
    return filled(readme, "summary", summary(measured).as_markdown())


def write(part: str, tables: Sequence[Table]) -> None:
    """Put a part's tables on their page, where it has a place for them, and a summary into README: that of
    measured.md, the first table of repairs and of tasks, or some columns of that of printed words."""
    page = PAGES.get(part, MEASURED)
    text = page.read_text(encoding="utf-8")
    if any(has_place(part, text, table.place) for table in tables):
        text = with_tables(text, part, tables)
        page.write_text(text, encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    if page == MEASURED:
        README.write_text(with_summary(readme, text), encoding="utf-8")
    elif part in ("repair", "dissociate") and tables and not tables[0].place and has_place(part, readme):
        # the first table sums up the others
        README.write_text(filled(readme, f"measured: {part}", tables[0].as_markdown()), encoding="utf-8")
    elif part == "icl":
        README.write_text(with_head_sets(readme, text), encoding="utf-8")
    elif part == "typographic" and "says the word" in tables[0].heads:
        README.write_text(with_printed_words(readme, text), encoding="utf-8")


def with_head_sets(readme: str, page: str) -> str:
    """README with what sets of heads account for in SmolLM2 and in `names`, of the page's tables of them; as it was
    where it has none of SmolLM2."""
    try:
        rows = _lines(page, "What heads by induction and function vector account for in pack:smollm2")
    except ValueError:
        return readme
    heads = list(rows[0])
    some = [list(cells.values()) for cells in rows if cells["without"] in HEAD_ROWS]
    for cells in _lines(page, "What heads by induction account for in bundled:names"):
        if cells["without"] in NAMES_ROWS:
            some.append([f"`names`: {cells['without']}", *(cells.get(head, "-") for head in heads[1:])])
    title = "SmolLM2 (270 heads), `names` (32): shares of in-context learning lost without some heads (95 % intervals)"
    return filled(readme, "measured: icl", Table(title, heads, some).as_markdown())


def with_printed_words(readme: str, page: str) -> str:
    """README with what each way does against printed words, of the page's first table."""
    by_way = _rows(page, "500 held-out pictures with a printed word")
    rows = [[way, *(cells[head] for head in PRINTED_WORDS)] for way, cells in by_way.items()]
    table = Table("Printed words: answers that become the word and points of accuracy lost without one, per cent (95 % "
                  "intervals over draws of 50 pairs and over pictures)", ("way", *PRINTED_WORDS), rows)  # fmt: skip
    return filled(readme, "measured: typographic", table.as_markdown())


def summary(measured: str) -> Table:
    """A row a method, from the full tables; a blank cell where a table has no figure."""
    known = _rows(measured, "Known circuits, patch ablation")
    tasks = _rows(measured, "`names`, 16 pairs of each task")
    large = _rows(measured, "SmolLM2, indirect objects")
    rows = []
    for method in SUMMARY:
        by_size = [cell.split()[2] for name, cell in tasks[method].items() if name not in ("method", "scoring, all")]
        row = large[method]
        rows.append(
            [
                method,
                known[method]["median AUROC"],
                f"{statistics.median(map(float, by_size)):.2f}",
                row["CMD by size"],
                row["by size"].split()[3],
                row["scoring"] + f" ({row['pairs scored']} pairs)",
            ]
        )
    heads = (
        "method",
        "known circuits: median AUROC",
        "`names`, six tasks: median CMD",
        "SmolLM2, 100 pairs: CMD",
        "recovered by 1 % of its edges",
        "scoring",
    )
    return Table("Seven compiled models, `names` and SmolLM2; edges ranked by size, replaced from B", heads, rows)


def _rows(measured: str, title: str) -> Rows:
    """A table's cells by method and head. Raises ValueError where the page has no table whose title begins so."""
    return {next(iter(cells.values())): cells for cells in _lines(measured, title)}


def _lines(measured: str, title: str) -> list[dict[str, str]]:
    """A table's rows, cells by head. Raises ValueError where the page has no table whose title begins so."""
    match = re.search(rf"^\*\*{re.escape(title)}[^\n]*\*\*\n\n((?:\|[^\n]*\n)+)", measured, re.MULTILINE)
    if match is None:
        raise ValueError(f"The page of measured tables has none that begins with {title!r}.")
    heads, _, *lines = [[cell.strip() for cell in line.strip("| \n").split(" | ")] for line in match[1].splitlines()]
    return [dict(zip(heads, line, strict=False)) for line in lines]


def filled(text: str, name: str, written: str) -> str:
    """A page with something else between `<!-- name -->` and `<!-- end -->`. Raises ValueError without such a place."""
    place = _place(name)
    if place.search(text) is None:
        raise ValueError(f"The page has no place for {name!r}.")
    return place.sub(lambda match: f"{match[1]}\n{written}\n{match[2]}", text)


def _name(part: str, place: str) -> str:
    return f"measured: {part} {place}".rstrip()


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->).*?(<!-- end -->)", re.DOTALL)
