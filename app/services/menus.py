"""What stands in each menu of the menu bar, in order: keys of actions, "-" for a line, "@" before a menu within it. The
one table of it; `app.window.menu_bar` makes the menus of it, and the list of keys in Help follows it."""

from __future__ import annotations

from app.services.panels import DOCKS

MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "&File",
        (
            *("new_project", "open_project", "@recent_projects", "save_project", "save_project_as", "-"),
            *("open_folder", "open_named", "open_checkpoints", "open_hub_checkpoints"),
            *("@bundled", "@packs", "@recent", "-"),
            *("@examples", "open_input_a", "open_input_b", "-", "open_scores", "compare_circuit", "-"),
            *("@export", "export_model", "-", "connect", "disconnect", "serve_programs", "-", "quit"),
        ),
    ),
    (
        "&Edit",
        (
            *(
                "undo",
                "redo",
                "-",
                "cut",
                "patch",
                "knock_out",
                "restore",
                "reset",
                "-",
                "group",
                "ungroup",
                "note",
                "-",
            ),
            *("swap", "@make", "@dataset", "pick_mask", "name_region", "pick_none"),
            *("reference_picture", "reference_part", "class_texts", "both_towers"),
            *(
                "probe",
                "pin",
                "continue",
                "-",
                "find",
                "trace",
                "trace_many",
                "measure",
                "flip",
                "patch_map",
                "lens_map",
                "heads",
                "heads_many",
                "head_sets",
                "study",
                "modalities",
                "tint_inputs",
            ),
            *("evaluate", "evaluate_many", "watch", "repair", "fill_dataset", "-"),
            *("earlier_checkpoint", "later_checkpoint", "follow_checkpoints", "-", "@copy_code", "-", "preferences"),
        ),
    ),
    (
        "&View",
        (
            *(
                "palette",
                "-",
                "level",
                "open_mlp",
                "strongest_neurons",
                "-",
                "zoom_in",
                "zoom_out",
                "frame",
                "frame_all",
                "-",
            ),
            *("@around", "show_changes", "-"),
            *(*(f"show_{row.key}" for row in DOCKS), "reset_layout", "-"),
            *("next_panel", "previous_panel", "-", "@theme", "@motion", "full_screen"),
        ),
    ),
    ("&Help", ("welcome", "guide", "glossary", "measured", "keys", "-", "log", "plugins", "about")),
)

EXPORTS = (
    "export_figure",
    "copy_figure",
    "-",
    "export_html",
    "export_json",
    "export_circuit",
    "export_notebook",
    "-",
    "export_scores_json",
    "export_scores_csv",
    "export_predictions_json",
    "export_predictions_csv",
)
