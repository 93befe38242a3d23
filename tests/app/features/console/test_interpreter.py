"""What is typed into the console, without a window."""

from __future__ import annotations

import sys
import threading
import time
from types import SimpleNamespace

import pytest

from app.features.console.handlers.interpreter import INTERRUPTED, MOST, Interpreter
from core import progress
from core.errors import EditError
from views.panels.console.typed import Typed, common_start, indent_after, is_whole


def run(interpreter: Interpreter, code: str) -> tuple[str, str]:
    return interpreter.run(code, lambda: False, lambda _: None)


def test_statements_run_and_the_last_value_is_shown() -> None:
    interpreter = Interpreter()
    assert run(interpreter, "x = 20\nprint('a')\nx + 1") == ("a\n21\n", "")
    assert run(interpreter, "_ * 2") == ("42\n", "")
    assert run(interpreter, "None") == ("", "")
    assert run(interpreter, "def f(n):\n    return n and f(n - 1)\nf(5)") == ("0\n", "")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1 +", "SyntaxError"),
        ("def f():\n    return 1 / 0\n\nf()", "line 4: f()\nline 2: return 1 / 0\nZeroDivisionError: division by zero"),
        ("raise wrong", "No such node. Name another."),
        ("exit()", "goes on as long as the window"),
        ("input('name? ')", "write the value into the code"),
        ("breakpoint()", "write the value into the code"),
        ("'\\ud800'.encode()", "UnicodeEncodeError"),
        ("class Bad:\n    def __repr__(self): raise ValueError('no words')\nBad()", "ValueError: no words"),
    ],
)
def test_errors_are_text_and_short(code: str, words: str) -> None:
    interpreter = Interpreter()
    interpreter.names["wrong"] = EditError("No such node.", "Name another.")
    _, error = run(interpreter, code)
    assert words in error
    assert "interpreter.py" not in error
    assert run(interpreter, "1") == ("1\n", "")


def test_standard_output_is_put_back_and_stays_for_threads_that_go_on() -> None:
    """`print` of a thread holds its stream by no reference of its own: one that is freed meanwhile ends the program."""
    interpreter, before = Interpreter(), sys.stdout
    run(interpreter, "import sys, weakref\nstream = weakref.ref(sys.stdout)\nsys.stdout = None")
    assert sys.stdout is before
    assert interpreter.names["stream"]() is not None
    assert run(interpreter, "print('again')") == ("again\n", "")


SWALLOWS = """
def loop():
    while True: pass
while True:
    try: loop()
    except BaseException:
        caught = globals().get("caught", 0) + 1
        if caught == 3: raise
"""


@pytest.mark.parametrize("code", ["while True: pass", "while True: at(0.5)", SWALLOWS])
def test_what_runs_for_ever_stops_where_it_is_told(code: str) -> None:
    interpreter, stop = Interpreter(), threading.Event()
    interpreter.names["at"] = progress.at
    timer = threading.Timer(0.05, stop.set)
    timer.start()
    started = time.monotonic()
    _, error = interpreter.run(code, stop.is_set, lambda _: None)
    assert error == INTERRUPTED
    assert time.monotonic() - started < 5
    assert run(interpreter, "2") == ("2\n", "")


def test_what_is_printed_comes_while_it_runs_and_has_a_limit() -> None:
    shown: list[str] = []
    text, _ = Interpreter().run(
        "import time\nfor n in range(3):\n    time.sleep(0.11)\n    print(n)", lambda: False, shown.append
    )
    assert text == "0\n1\n2\n"
    assert shown
    assert text.startswith(shown[0])
    text, _ = run(Interpreter(), f"for _ in range(3): print('x' * {MOST})")
    assert len(text) < MOST + 100
    assert "more is printed" in text


def test_two_consoles_print_each_to_its_own() -> None:
    before, texts = sys.stdout, {}
    both = threading.Barrier(2, timeout=5)

    def type_into(name: str) -> None:
        interpreter = Interpreter()
        interpreter.names["wait"] = both.wait
        code = f"print('{name}1') or wait()\nfor _ in range(50): wait() and None; print('{name}')"
        texts[name] = run(interpreter, code)

    threads = [threading.Thread(target=type_into, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in "ab":
        assert texts[name] == (f"{name}1\n" + f"{name}\n" * 50, "")
    assert sys.stdout is before


def test_help_shows_words_and_asks_for_none() -> None:
    text, error = run(Interpreter(), "help(len)")
    assert "number of items" in text
    assert not error
    assert "write the value into the code" in run(Interpreter(), "help()")[1]


def test_names_are_completed_and_nothing_is_run_for_it() -> None:
    class Live:
        ready = SimpleNamespace(apple=1, apricot=2)

        @property
        def slow(self) -> object:
            raise AssertionError("It was run.")

    interpreter = Interpreter()
    interpreter.names["live"] = Live()
    assert interpreter.complete("x = liv") == ("live",)
    assert interpreter.complete("live.") == ("live.ready", "live.slow")
    assert interpreter.complete("print(live.ready.ap") == ("live.ready.apple", "live.ready.apricot")
    assert interpreter.complete("live.slow.") == ()
    assert interpreter.complete("live.nothing.x") == ()
    assert "whi" in common_start(interpreter.complete("whil"))


def test_what_was_typed_comes_back() -> None:
    typed = Typed()
    for code in ("a", "b", "b"):
        typed.add(code)
    assert [typed.earlier("new"), typed.earlier("b"), typed.earlier("a")] == ["b", "a", "a"]
    assert [typed.later("a"), typed.later("b"), typed.later("new")] == ["b", "new", "new"]
    assert is_whole("x = 1")
    assert is_whole("1 +")  # to be told what is wrong
    assert not is_whole("for x in y:")
    assert not is_whole("f(1,")
    assert (indent_after("  x = 1"), indent_after("if x:"), indent_after("")) == ("  ", "    ", "")
    assert common_start(("a.bcd", "a.bce")) == "a.bc"
