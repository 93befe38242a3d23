"""The page of a study: figures, a table and sentences in one HTML file, without a script and without a network."""

from __future__ import annotations

from collections.abc import Sequence

from core.interchange.html.page import hash_of, template
from core.interchange.html.text import escaped

POLICY = "default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'"


def study_page(
    title: str,
    subtitle: str,
    figures: Sequence[str],
    table: Sequence[Sequence[str]],
    sections: Sequence[tuple[str, Sequence[str]]],
    table_heading: str = "What is lost",
) -> str:
    """figures: SVG. table: its head and its rows. sections: headings and their sentences."""
    style = template("page.css")
    head, *rows = table
    cells = "".join(f'<th scope="col">{escaped(cell)}</th>' for cell in head)
    body = "\n".join(f"<tr>{''.join(f'<td>{escaped(cell)}</td>' for cell in row)}</tr>" for row in rows)
    parts = [f'<section class="drawing">{figure}</section>' for figure in figures]
    filled = f"<table><thead><tr>{cells}</tr></thead><tbody>\n{body}\n</tbody></table>"
    parts.append(f'<section><h2>{escaped(table_heading)}</h2><div class="rows">{filled}</div></section>')
    for heading, sentences in sections:
        listed = "".join(f"<li>{escaped(sentence)}</li>" for sentence in sentences)
        parts.append(f"<section><h2>{escaped(heading)}</h2><ul>{listed}</ul></section>")
    policy = POLICY.format(style=hash_of(style))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<header><h1>{escaped(title)}</h1><p class="sub">{escaped(subtitle)}</p></header>\n<main>\n'
        + "\n".join(parts)
        + "\n</main>\n<footer>Made with Wirescope. This file holds all of its data and loads nothing from a network."
        "</footer>\n</body>\n</html>\n"
    )
