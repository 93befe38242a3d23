"""One HTML file that tells a circuit: the graph, inputs, curve, trust, edges, history, notes. It needs no network and
no other file, and Wirescope opens it again.

All of it is there without a script; the script adds what moves. A content policy lets nothing load and no script run
but the page's own, by its hash. What people typed is escaped, and the circuit's JSON stands in a block of data in which
no sign can end it.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from string import Template

from core.circuit import Circuit, Exporter
from core.errors import InputError
from core.interchange.circuit_json import from_json, to_json
from core.interchange.html.curve import curve_section
from core.interchange.html.sections import (
    circuit_section,
    facts_section,
    history_section,
    inputs_section,
    notes_section,
    subtitle_of,
    table_section,
    title_of,
    trust_section,
)
from core.interchange.html.text import escaped
from core.interchange.report import Report, notes_told

DATA = '<script type="application/json" id="wirescope-circuit">'


def report_html(report: Report) -> str:
    """The page of a report."""
    circuit, curve = report.circuit, report.curve
    sections = (
        circuit_section(report),
        inputs_section(report),
        "" if curve is None else curve_section(curve, len(circuit)),
        trust_section(report),
        notes_section(notes_told(report)),
        table_section(report),
        history_section(report),
        facts_section(report),
    )
    return page_of(report, "\n".join(section for section in sections if section))


def page_of(report: Report, content: str) -> str:
    """A page with the report's circuit in it. content: of its body."""
    style, script = template("page.css"), template("page.js")
    return Template(template("page.html")).substitute(
        title=escaped(title_of(report)),
        subtitle=escaped(subtitle_of(report)),
        style=style,
        style_hash=hash_of(style),
        script=script,
        script_hash=hash_of(script),
        sections=content,
        data=f"{DATA}{in_script(to_json(report.circuit))}</script>",
    )


def to_html(circuit: Circuit) -> str:
    """The page of a circuit by itself."""
    return report_html(Report(circuit))


@cache
def template(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def hash_of(text: str) -> str:
    """As a content policy names what may run: of the text between the tags."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def in_script(json: str) -> str:
    """JSON in which nothing ends a script element or begins a comment: the same JSON to who parses it."""
    return json.replace("<", "\\u003c").replace("&", "\\u0026").encode("utf-8", "backslashreplace").decode("utf-8")


def from_html(text: str) -> Circuit:
    """The circuit that a page of Wirescope holds. Raises InputError for another page."""
    _, mark, rest = text.partition(DATA)
    if not mark:
        raise InputError("This page holds no circuit.", "Open one that Wirescope exported.")
    return from_json(rest.partition("</script>")[0])


EXPORTER = Exporter(
    "html",
    "HTML",
    "one file to look at in any browser, which Wirescope opens again",
    ".html",
    to_html,
    from_html,
    report_html,
)
