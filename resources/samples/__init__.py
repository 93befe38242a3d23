"""The built-in examples: an index for each model, pictures and photographs."""
