"""Scores of nodes at positions on the second level: the fill of what stands there, and the strongest that no link
joins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from views.data import NodeMark, NodeScores
from views.unfolded_data import Spot, UnfoldedData

MOST = 60  # nodes at columns that are shown for their score alone


def with_scores(data: UnfoldedData, scores: NodeScores | None) -> UnfoldedData:
    """The second level with its nodes filled. A column of several positions has their sum."""
    if scores is None or scores.at is None or not data.columns:
        return data
    length = scores.at.shape[1]
    columns = [column.positions for column in data.columns]
    if any(position >= length for positions in columns for position in positions):
        return data  # of an input that is no longer there
    values = np.stack([np.nan_to_num(scores.at[:, list(positions)]).sum(axis=1) for positions in columns], axis=1)
    inner = values[1:]  # heads and MLPs; `input` is the chips
    strongest = np.argsort(-np.abs(inner), axis=None, kind="stable")[:MOST]
    spots = dict(data.spots)
    for place in strongest[np.abs(inner).flat[strongest] > 0].tolist():
        row, column = divmod(place, len(columns))
        spots.setdefault(Spot(data.graph.writers[row + 1], columns[column]), NodeMark(named=True))
    place_of = {positions: place for place, positions in enumerate(columns)}
    for spot, mark in spots.items():
        if spot.node.kind in ("head", "mlp") and spot.positions in place_of:
            value = float(values[data.graph.writer_index(spot.node), place_of[spot.positions]])
            spots[spot] = replace(mark, score=value)
    return replace(data, spots=spots, scored=scores.how, signed=scores.signed, direction=scores.direction)
