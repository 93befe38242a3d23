"""What every feature may be given: dialogs, and later actions, panels, settings and jobs."""
