"""Small widgets that several panels share: labels, chips, pictures, drop targets."""
