"""However much is printed, the window shows it at once."""

from __future__ import annotations

from views.panels.console.panel import LONGEST, MOST_LINES, ConsolePanel


def test_much_output_is_added_to_and_cut_to_what_can_be_shown(show) -> None:
    panel = show(ConsolePanel(), 600, 200)
    changes: list[tuple[int, int]] = []
    panel.begin("loop()")
    panel.show_output("first\nsecond\n")
    panel.output.document().contentsChange.connect(lambda _at, gone, come: changes.append((gone, come)))
    panel.show_output("first\nsecond\nthird\n")
    assert changes == [(0, len("\nthird"))]  # what was there is not written anew
    assert panel.output.toPlainText() == ">>> loop()\nfirst\nsecond\nthird"
    panel.show_output("another")
    assert panel.output.toPlainText() == ">>> loop()\nanother"

    panel.begin("'a' * 100_000")
    panel.show_output("a" * 100_000)
    assert panel.output.toPlainText().splitlines()[-1] == f"{'a' * LONGEST}… {100_000 - LONGEST:,} more letters"

    panel.begin("numbers()")
    for count in (MOST_LINES // 2, 2 * MOST_LINES, 3 * MOST_LINES):
        panel.show_output("\n".join(map(str, range(count))))
    shown = panel.output.toPlainText().splitlines()
    assert shown == [str(number) for number in range(2 * MOST_LINES, 3 * MOST_LINES)]
    panel.write("done")
    assert panel.output.toPlainText().endswith("\ndone")
