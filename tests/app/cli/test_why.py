"""`wirescope run --why`: the parts of a score of attention in the terminal."""

from __future__ import annotations

import json

import pytest

import wirescope as ws
from app.__main__ import main
from core.errors import ArgumentError

CLEAN = "When Mary and John went to the store, John gave a drink to"
RUN = ["run", "--model", "bundled:names", "--clean", CLEAN]


def test_the_parts_of_a_score_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN, "--edit", "a0.h0=zero", "--why", "a2.h1[4]@-1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)["why"]
    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(CLEAN))
    result = session.run([ws.Edit("a0.h0", "zero")], positions="all")
    found = ws.query_key(session, "a2.h1", -1, 4, result)
    assert report["score"] == pytest.approx(found.score, abs=1e-4)
    assert report["weight"] == pytest.approx(found.weight, abs=1e-5)
    assert list(report["into the key"]) == [name for name, _ in found.key.top(8)]
    assert main([*RUN, "--why", "a2.h1[4]@-1"]) == 0
    assert "a2.h1 at position 13 looks at position 4: weight" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["a2.h1", "a2.h1[4]", "a2.h1[4,5]@7", "m1[3]@7", "a2.h1[4]@x y"])
def test_what_names_no_weight_is_refused(text: str) -> None:
    from app.cli.why import why_report

    model = ws.load_model("bundled:names")
    session = ws.Session(model, model.pair(CLEAN))
    with pytest.raises(ArgumentError, match=r"HEAD\[KEY\]@QUERY"):
        why_report(session, [], text)
