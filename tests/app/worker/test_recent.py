"""What the engine's side keeps of what it found: not more than so much."""

from __future__ import annotations

from app.worker.recent import Recent


def test_what_was_not_asked_for_longest_goes() -> None:
    kept = Recent(3)
    for key in "abc":
        kept[key] = key.upper()
    assert kept["a"] == "A"
    kept["d"] = "D"
    assert set(kept) == {"a", "c", "d"}
    assert kept.setdefault("e", "E") == "E"
    assert "c" not in kept
    assert kept.pop("a") == "A"
    assert kept.get("a", None) is None
    kept["f"] = "F"
    assert set(kept) == {"d", "e", "f"}
    assert kept.get("d") == "D", "which is a reading too"
    kept["g"] = "G"
    assert set(kept) == {"d", "f", "g"}
