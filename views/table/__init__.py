"""The graph as rows: what they hold, how they are named, sorted and filtered. The panel is `views.panels.table`."""
