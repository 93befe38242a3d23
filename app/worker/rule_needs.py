"""What a rule of choosing needs besides the scores: how sure signs are, or their balance. It is found out when the rule
is chosen. Runs in the worker's thread; imports torch.
"""

from __future__ import annotations

from collections.abc import Callable

from app.messages.replies import TraceRefusal
from app.messages.request import Cancel, ProgressReply, Request, Send
from app.presenters.telling import Telling
from app.worker.pairs import dataset_of
from app.worker.session_cache import SessionCache, rule_problem
from core.errors import Cancelled, WirescopeError
from core.evaluation.balance import with_balance
from core.formatting import pairs_words
from core.tracing.scores import Scores
from core.tracing.selection import RULES
from core.tracing.sign_agreement import why_no_agreement, with_agreement


def can_be_found_out(rule: str, method: str, pairs: int) -> bool:
    """Whether what a rule needs of scores by a method, over so many pairs of a dataset, can be."""
    return RULES[rule].needs == "balance" or not why_no_agreement(method, pairs)


def find_what_the_rule_needs(request: Request, cache: SessionCache, send: Send, cancelled: Cancel) -> None:
    """Score every pair alone, or measure a balance, where the document's rule asks for it and it can be done. Raises
    Cancelled; what is found by then is kept."""
    document, key = request.document, cache.unruled_key(request.document)
    scores, rule = cache.scores[key], RULES[document.rule]
    known = {"": True, "agreement": scores.agreement is not None, "balance": scores.balance is not None}
    if known[rule.needs] or key.share < 1:
        return
    computable = can_be_found_out(rule.name, scores.method, len(key.rows))
    if not computable or rule_problem(rule.name, scores, computable):
        return
    words = {
        "agreement": f"Scoring {pairs_words(len(key.rows))} one by one, for how sure signs are",
        "balance": "Measuring the balance of circuits",
    }
    dataset = dataset_of(cache, document, key.rows) if key.rows else None
    over_pairs = dataset is not None and rule.needs == "agreement"
    find: Callable[..., Scores] = with_agreement if over_pairs else with_balance
    whole = cache.scores.at_spans.get(key, scores) if over_pairs else scores
    try:
        scored = find(
            cache.session,
            whole,
            dataset,
            progress=Telling(lambda share: send(ProgressReply(request.number, words[rule.needs], share))),
            cancelled=cancelled,
            memory=cache.kept.setdefault((rule.needs, key), {}),
        )
        if scored.spans:
            cache.scores.at_spans[key] = scored
        cache.scores[key] = scored.union()
    except Cancelled:
        raise
    except WirescopeError as error:
        send(TraceRefusal(request.number, error.message, error.hint))
    cache.kept.pop((rule.needs, key), None)
