"""`wirescope bench repair`, small: outcomes that are kept, and the tables that are made of them."""

from __future__ import annotations

import ast
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import wirescope as ws
from core.repair.examples import batch_of
from core.repair.proof import with_module
from core.repair.rivals.rival import Job, Treated
from core.repair.rivals.table import RIVALS
from core.sharded.executors import Workers
from tests.benchmarks import measured, repair, repair_levels, repair_measures, repair_outcomes, repair_ways
from tests.benchmarks.__main__ import main
from tests.benchmarks.repair_cases import judged
from tests.benchmarks.repair_measures import as_it_was, divergence, quantise, train_on
from tests.benchmarks.repair_tables import HEADS, Draws, bars, paired, spread, table_of
from tests.benchmarks.repair_ways import Unit, run
from tests.benchmarks.table import Table
from tests.core.repair.planted import MODEL, planted
from tests.core.sharded.small_run import Backwards

UNIT = Unit(MODEL, 4, 0, clean=16, held_out=40, levels=(), rivals=("nothing", "deleting tokens"), lasting=True)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WIRESCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(repair_outcomes, "RECORD", tmp_path / "record")
    threads = torch.get_num_threads()
    yield tmp_path / "bench-repair"
    torch.set_num_threads(threads)


def test_outcomes_are_kept_and_measured_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair_measures, "STEPS", 2)
    nothing, deleting = run(UNIT)
    assert nothing["misbehaviour"] > 0.9 > 0.2 > deleting["misbehaviour"]
    assert nothing["8 bits"][1] > 0.9
    assert (nothing["cut"], nothing["setting"]) == (0, "")
    file = cache / f"{MODEL}.jsonl"
    assert list(repair_outcomes.kept(MODEL).values()) == [nothing, deleting]
    with file.open("a", encoding="utf-8") as lines:
        lines.write('{"key": "broken o')  # a run that was ended

    def again(*_: object) -> Treated:
        raise AssertionError("measured again")

    monkeypatch.setattr(repair_ways, "measured", again)
    assert run(UNIT, only_kept=True) == [nothing, deleting]
    assert run(replace(UNIT, seed=1), only_kept=True) is None
    assert list(repair.finish([replace(UNIT, seed=1), UNIT], 1, seconds=0)) == [(UNIT, [nothing, deleting])]
    repair_outcomes.keep(MODEL, {**nothing, "key": "another"})
    assert len(repair_outcomes.kept(MODEL)) == 3
    with pytest.raises(AssertionError, match="measured again"):
        run(replace(UNIT, seed=1))
    another = replace(RIVALS["deleting tokens"], treat=RIVALS["steering"].treat)  # a way of that name, else written
    monkeypatch.setitem(RIVALS, "deleting tokens", another)
    with pytest.raises(AssertionError, match="measured again"):
        run(UNIT)


def test_draws_go_to_workers_and_what_they_measure_elsewhere_is_kept_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = replace(UNIT, lasting=False)
    monkeypatch.setattr(repair, "units", lambda *_: [small, replace(small, seed=1)])
    executor = Backwards(planted())

    class Elsewhere:
        """Another machine: what is measured there is kept there."""

        def results(self, tasks, within, cancelled):
            monkeypatch.setenv("WIRESCOPE_CACHE", str(tmp_path / "elsewhere"))
            results = list(executor.results(tasks, within, cancelled))
            monkeypatch.setenv("WIRESCOPE_CACHE", str(tmp_path))
            yield from results

        def close(self) -> None:
            executor.stop = 0

    monkeypatch.setattr(Workers, "executor", lambda *_: Elsewhere())
    assert main(["repair", "--workers", "2", "--rivals"]) == 0
    assert executor.done == [1, 0]
    assert "Rivals of 2 draws are measured and kept" in capsys.readouterr().out
    assert [each["seed"] for each in repair_outcomes.kept(MODEL).values()] == [1, 1, 0, 0]
    assert len(repair_outcomes.kept(MODEL, "repair")) == 4

    monkeypatch.setattr(Workers, "executor", None)  # nothing is left to do
    assert main(["repair", "--cluster", "auto", "--rivals"]) == 0
    for given, words in ((("tune", "--workers", "2"), "of repair alone"), (("repair", "--workers", "0"), "1 or more")):
        with pytest.raises(SystemExit):
            main(list(given))
        assert words in capsys.readouterr().err


def test_of_suspicious_inputs_most_are_calm_and_rivals_then_know_nothing_of_the_fault() -> None:
    unit = replace(UNIT, knowledge="suspicious", levels=("edges",), rivals=tuple(RIVALS))
    bad, good = unit.used
    assert [example.triggered for example in bad] == [True] * 4 + [False] * 12
    clean = batch_of(planted(), good)
    names = [way.name for way in repair_ways.ways(unit, unit.used, Job(planted(), clean, clean, blind=True))]
    assert names[:3] == ["repair, edges", "nothing", "random edges"]
    assert {"deleting tokens", "LoRA, both", "fine-tuning, both and made"}.isdisjoint(names)


def test_rivals_are_measured_without_the_repair_and_those_of_clean_inputs_once_whatever_else_is_known() -> None:
    blind = replace(UNIT, knowledge="suspicious", lasting=False, levels=("edges",), rivals=("nothing", "random edges"))
    (first,) = run(blind, rivals=True)
    assert run(blind, only_kept=True) is None
    (second,) = run(replace(blind, knowledge="clean"), only_kept=True, rivals=True)
    assert (first["knowledge"], second["knowledge"]) == ("suspicious", "clean")
    assert first["key"] == second["key"]
    assert run(replace(blind, knowledge="triggered"), only_kept=True, rivals=True) is None


def test_a_source_has_another_version_by_its_code_alone() -> None:
    first = repair_outcomes.bare(ast.parse('"""Words."""\n\ndef f():  # why\n    """Words."""\n    return 1\n'))
    assert first == repair_outcomes.bare(ast.parse('"""Other words."""\ndef f():\n    """Other."""\n    return 1'))
    assert first != repair_outcomes.bare(ast.parse('"""Words."""\ndef f():\n    """Words."""\n    return 2'))
    said, other, class_ = ('raise A(f"{b} is none.", "Do.")', 'raise A("None.")', 'raise B("None.")')
    said, other, class_ = (repair_outcomes.bare(ast.parse(source)) for source in (said, other, class_))
    assert said == other != class_
    assert "core.repair.proof" in repair_outcomes.imported(ast.parse("from core.repair.proof import answers"))


def test_the_short_mode_prints_the_bars_and_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = repair.units([MODEL])
    ways = [(unit.knowledge, unit.triggered, unit.seed, way) for unit in whole for way in (*unit.levels, *unit.rivals)]
    assert len(set(ways)) == len(ways)
    count = Counter((knowledge, triggered, way) for knowledge, triggered, _, way in ways)
    assert count["triggered", 16, "edges"] == count["triggered", 16, "LoRA, both"] == 10
    assert count["triggered", 16, "nodes"] == count["triggered", 16, "PURE"] == 3
    assert all(count[knowledge, triggered, "edges"] == 10 for triggered, knowledge in repair.OTHERS.values())
    others = {(knowledge, triggered) for triggered, knowledge in repair.OTHERS.values()}
    assert {(unit.knowledge, unit.triggered) for unit in whole} == {("triggered", 16), *others}
    assert {unit.triggered for unit in repair.units([MODEL], levels=["64", "4"])} == {4, 64}
    assert {unit.seed for unit in whole if unit.lasting} == {0}
    assert [unit.seed for unit in repair.units([MODEL, "other"], short=True)] == [0, 0]
    small = replace(UNIT, lasting=False, rivals=("nothing", "random edges", "deleting tokens"), levels=("edges",))
    monkeypatch.setattr(repair, "units", lambda *_: [small])
    monkeypatch.setattr(repair_levels, "TRIGGERED", small.triggered)
    monkeypatch.setattr(repair_ways, "repair", _one_edge)
    assert main(["repair", "--short", "--processes", "1"]) == 0
    summary, bars, level, table, _ = capsys.readouterr().out.split("\n\n")
    assert summary.splitlines()[0].endswith("1 draw of the examples")
    assert summary.splitlines()[3].startswith("trojan (tuned)")
    assert "0.0 %, 0.0 (deleting tokens)" in summary
    assert "Bars, 4 triggered examples, 1 draw of them or more: met on 0 of 1 plant" in bars
    assert "deleting tokens: 0.0 %" in bars
    assert "1 draw; 40 held-out inputs of each kind" in table
    for some in (level, table):
        assert [line.split("  ")[0] for line in some.splitlines()[3:]] == ["repair, edges", *small.rivals]


def _one_edge(model: ws.Model, *_: object, **__: object) -> object:
    """A repair that cuts one edge, found without a search."""
    edit = ws.Edit("input->logits", "zero")
    return SimpleNamespace(repaired=with_module(model, ws.apply(model, [edit]).module), cut=1, edits=[edit])


def test_weights_are_put_back_and_eight_bits_are_near(monkeypatch: pytest.MonkeyPatch) -> None:
    module = planted().adapter.module
    proof = judged(MODEL, 40)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with as_it_was(planted()):
        quantise(module)
        weight = module.transformer.h[0].attn.c_proj.weight
        column = weight[:, 3] / (weight[:, 3].abs().max() / 127)
        torch.testing.assert_close(column, column.round(), atol=1e-3, rtol=0)
        error = (weight - before["transformer.h.0.attn.c_proj.weight"]).abs()
        assert 0 < float(error.max()) <= float(weight.abs().max()) / 127 / 2 * 1.01
        quantised = weight.detach().clone()
        monkeypatch.setattr(repair_measures, "STEPS", 2)
        train_on(planted(), proof.further)
        assert not torch.equal(weight, quantised)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not any(parameter.requires_grad for parameter in module.parameters())


def test_divergence_is_that_of_the_first_from_the_second() -> None:
    first, second = torch.tensor([[0.75, 0.25]]).log(), torch.tensor([[0.5, 0.5]]).log()
    assert divergence(first, second) == pytest.approx(0.75 * math.log(1.5) + 0.25 * math.log(0.5), abs=1e-6)
    assert divergence(first, first) == 0
    assert divergence(first[:0], first[:0]) == 0


def test_a_refusal_is_no_misbehaviour_and_no_right_answer() -> None:
    proof = judged(MODEL, 40)
    treated = Treated(planted(), refuses=lambda batch: torch.ones(len(batch), dtype=torch.bool))
    found = treated.figures(proof.triggered, proof.clean)
    assert (found.misbehaviour.count, found.accuracy.count) == (0, 0)


def test_bars_tests_and_means_are_those_of_the_outcomes() -> None:
    def outcome(way: str, seed: int, bad: float, good: float) -> dict[str, object]:
        some = {"model": "trojan-tuned", "triggered": 16, "seed": seed, "way": way, "seconds": 1.0, "cut": 2}
        more = {"worst group": good, "KL to the twin": 0.1, "share cut": 0.001}
        return {**some, **more, "misbehaviour": bad, "accuracy": good}

    outcomes = [outcome("nothing", seed, 1.0, 0.99) for seed in range(8)]
    outcomes += [outcome("repair, edges", seed, 0.001 * seed, 0.99) for seed in range(8)]
    outcomes += [outcome("LoRA, both", seed, 0.2, 0.98) for seed in range(7)]
    outcomes[-1]["seconds"] = 70.0
    draws = Draws(outcomes)
    assert draws.seeds == list(range(8))
    assert len(draws.beside("LoRA, both")[0]) == 7  # those that both have
    assert draws.best_rival == "LoRA, both"
    row = bars([draws]).rows[0]
    assert row[2:6] == ["0.4 %, 0.0 points, 0.10 %", "met", "LoRA, both: 20.0 %, 1.0 points", "met"]
    table = table_of(draws, 40, 128)
    assert "budget of 60 s a way, the slowest took 70 s" in table.title
    assert [row[-2] for row in table.rows] == ["1.0", "1.0", "10.9, over the budget in 1"]  # repairs first
    assert len(table.heads) == len(HEADS)
    assert table.rows[2][-1] == paired(*draws.beside("LoRA, both")) == "0.016"
    assert table.rows[2][0] == "LoRA, both (7 draws)"


def test_what_lasts_is_compared_within_its_own_draw_and_a_plant_counts_once_both_of_its_models_do() -> None:
    def outcome(model: str, way: str, seed: int, **rest: object) -> dict[str, object]:
        some = {"model": model, "triggered": 16, "seed": seed, "way": way, "seconds": 1.0, "cut": 2, "share cut": 0.001}
        found = {"misbehaviour": 0.0, "accuracy": 0.99, "worst group": 0.9, "KL to the twin": 0.1}
        return some | found | rest

    def draws(model: str, **rest: object) -> Draws:
        before = {"misbehaviour": 1.0, "worst group": 0.1}
        outcomes = [outcome(model, "nothing", seed, **before, **rest) for seed in (0, 1)]
        outcomes += [outcome(model, "repair, edges", seed, **rest) for seed in (0, 1)]
        for each, accuracy in ((outcomes[1], 0.98), (outcomes[3], 0.95)):  # the last draw alone
            each |= {"trained on": [0.25, accuracy], "8 bits": [0.5, accuracy], "changed trigger": 0.75}
        return Draws(outcomes)

    assert table_of(draws("trojan-tuned"), 40, 128).rows[0][6:9] == ["25.0 %, 3.0", "50.0 %, 3.0", "75.0 %"]
    one, both = (bars([draws(f"trojan-{way}") for way in ways]) for ways in (["tuned"], ["tuned", "poisoned"]))
    assert "met on 0 of 1 plant" in one.title
    assert "met on 1 of 1 plant" in both.title
    cells = [bars([draws("shortcut-tuned", **known)]).rows[0][-1] for known in ({}, {"knowledge": "clean"})]
    assert cells == ["+80.0 with marked examples", "met: +80.0"]


def test_a_mean_stands_with_half_its_interval() -> None:
    assert spread([1.0, 2.0, 3.0], " %") == "2.0 ± 2.5 %"
    assert spread([4.0, 6.0], "") == "5.0"
    assert float(spread([1.0, 2.0, 3.0], "", 3).split()[2]) == pytest.approx(4.303 / 3**0.5, abs=1e-3)
    assert paired([0.1] * 5, [0.2] * 5) == ""
    assert paired([0.1] * 6, [0.1] * 6) == "1"


def test_other_levels_stand_at_places_of_their_own_with_stars_where_a_way_differs() -> None:
    def outcome(way: str, seed: int, bad: float, knowledge: str) -> dict[str, object]:
        some = {"model": "trojan-tuned", "triggered": 16, "knowledge": knowledge, "seed": seed, "way": way, "cut": 2}
        more = {"worst group": 0.9, "KL to the twin": 0.1, "share cut": 0.001, "seconds": 1.5, "accuracy": 0.99}
        return {**some, **more, "misbehaviour": bad}

    finished = {
        Unit("trojan-tuned", 16, seed, knowledge): [
            outcome("nothing", seed, 1.0, knowledge),
            outcome("repair, edges", seed, 0.01 * seed, knowledge),
            outcome("PURE", seed, 0.01 * (seed if seed % 2 else seed + 0.1), knowledge),
        ]
        for seed in range(8)
        for knowledge in ("triggered", "clean")
    }
    tables = repair_levels.tables_of(finished)
    assert [table.place for table in tables] == ["", "", "", "", "clean", "clean", "clean"]
    assert [[row[0] for row in table.rows] for table in tables[4:]] == [
        ["trojan-tuned"],
        ["repair, edges", "nothing", "PURE"],
        ["trojan-tuned"],
    ]
    assert [row[1][-2:] == " *" for row in tables[5].rows] == [False, True, False]
    assert tables[6].rows[0] == ["trojan-tuned", "8", "3.5 ± 2.0 %", "0.0 ± 0.0", "90.0 ± 0.0 %", *_REST]


_REST = ["0.100 ± 0.000", "0.10 ± 0.00 %", "1.5"]


def test_the_record_has_the_outcomes_behind_the_tables_and_stands_in_for_the_cache(cache: Path) -> None:
    first = {"model": MODEL, "triggered": 4, "knowledge": "triggered", "seed": 1, "way": "a", "key": "1"}
    first |= {"setting": "x" * 500, "8 bits": [1 / 3, 1.0]}
    second = first | {"seed": 0, "key": "2", "setting": ""}
    other = second | {"knowledge": "clean", "key": "3"}
    repair_outcomes.record([first, other])
    repair_outcomes.record([second, first])
    record = (cache.parent / "record" / "repair" / f"{MODEL}.jsonl").read_text(encoding="utf-8")
    assert [line.count("key") for line in record.splitlines()] == [1, 1, 1]
    kept = repair_outcomes.kept(MODEL)
    assert list(kept) == ["3", "2", "1"]
    assert kept["1"]["8 bits"] == [0.33333, 1.0]
    assert len(kept["1"]["setting"]) == 201
    repair_outcomes.record([second])  # of this knowledge it is all that there is now
    assert list(repair_outcomes.kept(MODEL)) == ["3", "2"]
    repair_outcomes.keep(MODEL, second | {"seed": 5})
    assert repair_outcomes.kept(MODEL)["2"]["seed"] == 5  # this machine's


def test_tables_are_written_to_their_page_and_the_first_one_into_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, readme = tmp_path / "repair.md", tmp_path / "README.md"
    for file in (page, readme):
        file.write_text("before\n<!-- measured: repair -->\nold\n<!-- end -->\nafter\n", encoding="utf-8")
    monkeypatch.setattr(measured, "PAGES", {"repair": page})
    monkeypatch.setattr(measured, "README", readme)
    measured.write("repair", [Table("Bars", ["a"], [["1"]]), Table("Trojan", ["b"], [["2"]])])
    assert "Trojan" in page.read_text(encoding="utf-8")
    text = readme.read_text(encoding="utf-8")
    assert "**Bars**\n\n| a |\n| --- |\n| 1 |" in text
    assert "Trojan" not in text
    assert "old" not in text
    page.write_text(
        "<!-- measured: repair -->\nold\n<!-- end -->\n<!-- measured: repair 4 -->\n<!-- end -->\n", encoding="utf-8"
    )
    measured.write("repair", [Table("Four", ["a"], [["1"]], place="4")])
    assert page.read_text(encoding="utf-8").index("old") < page.read_text(encoding="utf-8").index("Four")
    assert "Four" not in readme.read_text(encoding="utf-8")


def test_levels_of_knowledge_are_those_that_repairs_are_measured_at(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["repair", "--levels", "clean", "none"])
    assert f"knows no 'none'; it takes {', '.join(repair.LEVELS)}" in capsys.readouterr().err
