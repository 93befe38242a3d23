"""`wirescope plan`: what work on a model will take."""

from __future__ import annotations

import json

from app.presenters.plan_words import count_words, size_words, time_words
from core.models.loading import load_model
from tests.app.command_line import code_of


def test_a_large_model_is_planned_without_weights(capsys) -> None:
    assert (
        code_of("plan", "--model", "sizes:llama-3-70b", "--tokens", "128", "--precision", "bf16", "--no-measure") == 0
    )
    text = capsys.readouterr().out
    assert "70.6 billion parameters, 131 GB; 5,202 nodes (input, heads, MLPs, output), 16,654,201 edges; " in text
    assert "; inputs of 128 positions" in text
    assert "measure every edge" in text
    assert "not measured" in text


def test_the_same_as_json(capsys) -> None:
    pictures = ("--model", "bundled:shapes", "--method", "eap", "--no-measure", "--json")
    assert code_of("plan", *pictures) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["fits"] is True
    assert report["positions"] == 65
    assert [each["what"] for each in report["work"]] == [
        "open a session",
        "one edge cut",
        "trace by eap",
        "measure every edge",
    ]


def test_weights_in_8_bits_take_a_byte(capsys) -> None:
    """Of GPT-2 small 84.9 million numbers are in the layers' linear maps; the others take four bytes each."""
    asked = ("plan", "--model", "sizes:gpt2-small", "--tokens", "8", "--no-measure", "--json")
    reports = []
    for more in ((), ("--weights", "8bit")):
        assert code_of(*asked, *more) == 0
        reports.append(json.loads(capsys.readouterr().out))
    maps = 12 * (12 * 768 * 768)
    assert reports[0]["bytes of weights"] - reports[1]["bytes of weights"] == 3 * maps
    assert reports[0]["parameters"] == reports[1]["parameters"]
    assert code_of(*asked, "--weights", "disk") == 2
    assert "There are: memory, 8bit" in capsys.readouterr().err


def test_what_cannot_be_planned_is_told(capsys) -> None:
    for memory in ("0", "-1", "nan", "inf", "1e400"):
        assert code_of("plan", "--model", "bundled:names", "--tokens", "8", f"--memory={memory}") == 2
        assert f"argument --memory: invalid number of megabytes value: '{memory}'" in capsys.readouterr().err
    assert code_of("plan", "--model", "bundled:names", "--tokens", "8", "--method", "eap", "--steps", "3") == 2
    assert code_of("plan", "--model", "bundled:names") == 2
    assert code_of("plan", "--model", "bundled:names", "--tokens", "0") == 2
    assert code_of("plan", "--model", "bundled:names", "--tokens", "8", "--side", "64") == 2
    assert code_of("plan", "--model", "bundled:shapes", "--side", "0") == 2
    assert code_of("plan", "--model", "bundled:shapes", "--same", "4") == 2
    text = capsys.readouterr().err
    assert "eap takes no --steps" in text
    assert "bundled:names takes text: how many tokens is not said." in text
    assert "0 tokens are too few" in text
    assert "bundled:names takes no pictures." in text
    assert "A picture has at least 1 pixel a side, not 0." in text
    assert "In bundled:shapes each position reads all others" in text


def test_it_counts_the_nodes_of_the_graph(capsys) -> None:
    """As `serve`, circuits and the window do: the output is one of them."""
    assert code_of("plan", "--model", "bundled:names", "--tokens", "8", "--no-measure", "--json") == 0
    assert json.loads(capsys.readouterr().out)["nodes"] == len(load_model("bundled:names").graph.nodes)


def test_sizes_counts_and_times_are_words() -> None:
    assert [size_words(size) for size in (5 * 2**18, 3 * 2**30, 1500 * 2**40)] == ["1.25 MB", "3 GB", "1,500 TB"]
    assert [count_words(count) for count in (999, 3.9e6, 7.06e10, 4.62e19)] == [
        "999",
        "3.9 million",
        "70.6 billion",
        "4.62 × 10^19",
    ]
    times = [None, 0.0123, 0.5, 240, 8e5, 1e11]
    assert [time_words(seconds) for seconds in times] == [
        "not measured",
        "12 ms",
        "0.5 s",
        "about 4 min",
        "about 9 days",
        "about 3,171 years",
    ]
