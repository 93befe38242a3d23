"""`wirescope run --continue`: both texts are the session's."""

from __future__ import annotations

import json

import wirescope as ws
from tests.app.command_line import code_of

PROMPT = "When Mary and John went to the store"
RUN = ("run", "--model", "bundled:names", "--clean", PROMPT)
EDITS = ("--edit", "a0.h0=zero", "--edit", "a0.h4=zero", "--edit", "a0.h5=zero")


def test_both_texts_and_where_they_part(capsys) -> None:
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(PROMPT))
    cut = [ws.Edit(head, "zero") for head in ("a0.h0", "a0.h4", "a0.h5")]
    before, after = list(session.generate(12)), list(session.generate(12, edits=cut))
    place = next(i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a.index != b.index)
    assert code_of(*RUN, *EDITS, "--continue", "12") == 0
    out = capsys.readouterr().out
    for name, tokens in (("before", before), ("after", after)):
        text = "".join(token.label for token in tokens if not token.ends)
        assert f"{name:<6}  {text!r}\n" in out
    assert f"They part at token {place + 1}: {before[place].label!r} {before[place].probability:.4f} before" in out

    assert code_of(*RUN, *EDITS, "--continue", "5", "--temperature", "1", "--seed", "3", "--json") == 0
    told = json.loads(capsys.readouterr().out)["continued"]
    for name, edits in (("before", ()), ("after", cut)):
        drawn = list(session.generate(5, temperature=1.0, seed=3, edits=edits))
        assert [token["index"] for token in told[name]["tokens"]] == [token.index for token in drawn]
    assert code_of(*RUN, "--continue", "3") == 0
    assert not [line for line in capsys.readouterr().out.splitlines() if line.startswith("after")]


def test_what_cannot_be_gone_on_with(capsys) -> None:
    picture = ("run", "--model", "bundled:shapes", "--clean", "resources/samples/photos/cat.jpg", "--continue", "3")
    for words, arguments in (
        ("writes no text", picture),
        ("0 tokens to write", (*RUN, "--continue", "0")),
        ("no temperature -1", (*RUN, "--continue", "2", "--temperature", "-1")),
        ("--seed is of --continue", (*RUN, "--seed", "1")),
        ("--frozen-norms", (*RUN, "--continue", "2", "--frozen-norms")),
    ):
        assert code_of(*arguments) == 2
        heard = capsys.readouterr()
        assert words in heard.err
        assert not heard.out
