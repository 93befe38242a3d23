"""What heads are, as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.heads.evidence import Evidence
    from core.heads.identity import HeadIdentities


def identities_report(
    identities: HeadIdentities, shown: Sequence[Evidence] = (), head: str | None = None
) -> dict[str, Any]:
    """Of all heads, or of one. shown: evidence for its labels."""
    heads = identities.heads if head is None else (head,)

    def finite(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "tests": [
            {"name": test.name, "words": test.words, "threshold": test.threshold, "source": test.source,
             "99 % of random heads below": finite(float(rare)),
             "99 % of random heads below, corpus": finite(float(rare_corpus)),
             "too few heads to compare with": math.isinf(rare) or math.isinf(rare_corpus)}
            for test, rare, rare_corpus in zip(identities.tests, identities.rare, identities.rare_corpus, strict=True)
        ],
        "heads": {
            name: {
                "labels": [label.test.name for label in identities.labels(name)],
                "scores": {
                    test.name: {
                        key: finite(float(table[place, identities.heads.index(name)]))
                        for key, table in (
                            ("generated", identities.generated),
                            ("corpus", identities.corpus),
                            ("covers", identities.covers),
                        )
                    }
                    for place, test in enumerate(identities.tests)
                },
            }
            for name in heads
        },
        "evidence": [asdict(each) for each in shown],
    }  # fmt: skip
