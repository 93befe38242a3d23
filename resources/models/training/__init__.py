"""How the bundled models are made and measured: `python -m resources.models.training.train_names`, and so
on."""
