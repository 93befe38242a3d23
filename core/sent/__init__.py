"""A model's folder that is sent to a machine which does not have it: data alone, by what is in it."""
