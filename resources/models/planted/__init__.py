"""Small models with a fault put in on purpose, each beside a clean twin, and the command that makes them."""
