"""The table of tools: JSON-RPC and MCP are made from it."""

from __future__ import annotations

from app.presenters.programs import circuits, edits, exports, inputs
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
    Tool(
        "trace",
        "Trace a circuit",
        "Score every edge by what removing it would change (most methods estimate that), list the best, and measure "
        "what a circuit of them recovers beside as many random edges. It is a step of the history.",
        circuits.Trace,
        circuits.trace,
        changes=True,
    ),
    Tool(
        "keep",
        "Choose the circuit",
        "Keep the best so many edges of the last trace as the circuit that is shown, as a step of the history.",
        circuits.Keep,
        circuits.keep,
        changes=True,
    ),
    Tool(
        "evaluate",
        "What a circuit recovers",
        "Really run a circuit, all other edges replaced: the share of the metric that it recovers, what random ones "
        "of its size do, the interval over a dataset's pairs, and what stays unexplained.",
        circuits.Evaluate,
        circuits.evaluate,
    ),
    Tool(
        "explain_trust",
        "How far to trust a circuit",
        "The verdict in sentences, and question by question the figure behind it: what it needs and lacks, stability, "
        "other ablations and methods, statistical tests; and what cannot be answered. Takes many runs.",
        circuits.Trust,
        circuits.explain_trust,
    ),
    Tool(
        "export",
        "Export the circuit",
        "The circuit that is shown (without one the strongest edges) with what it was made of, as text or as a file "
        "below the folder of the door: json, svg, markdown, csv, dot, graphml, gexf, tikz, html.",
        exports.Export,
        exports.export,
    ),
)
