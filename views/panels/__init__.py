"""The panels, a folder each, by the name of the feature that fills it: `panel.py` is the widget, `data.py` what it
draws.

Under the canvas lies the circuit's: the strip with the threshold and the curve. The list of edits lies in the panel of
the inputs; the menu of tracing beside Trace in the tool bar. `figure` is the dialog that exports, `palette` the
window's.
"""
