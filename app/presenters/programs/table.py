"""The table of tools: JSON-RPC and MCP are made from it."""

from __future__ import annotations

from app.presenters.programs import edits, inputs
from app.presenters.programs.host import Host
from core.door.tool import Parameters, Tool

TOOLS: tuple[Tool[Host], ...] = (
    Tool(
        "open",
        "Open a model and inputs",
        "Open a model, give the clean input A, the counterfactual input B and the metric; whatever is left out stays. "
        "Answers with what the model sees and says. Without parameters: what is open.",
        inputs.Open,
        inputs.open_inputs,
        changes=True,
    ),
    Tool(
        "predict",
        "Predictions and metric",
        "Run the model with the present edits: the metric and the likeliest answers before and after, in B, and what "
        "each edit does on top of the others, all of it measured.",
        Parameters,
        edits.predict,
    ),
    Tool(
        "edit",
        "Edit a part of the model",
        "Make an intervention on nodes, edges or weights of attention: patch (value from B), zero, mean, scale and "
        "others, everywhere or at positions. It is a step of the history. Answers with the run after it.",
        edits.EditParameters,
        edits.edit,
        changes=True,
    ),
    Tool(
        "restore",
        "Take edits back",
        "Take the edits of one target back, or all of them, as a step of the history.",
        edits.Restore,
        edits.restore,
        changes=True,
    ),
    Tool(
        "undo",
        "Undo the last step",
        "Go back one step of the history, whoever made it.",
        Parameters,
        edits.undo,
        changes=True,
    ),
)
