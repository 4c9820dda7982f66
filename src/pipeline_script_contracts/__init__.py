"""Script contracts and the analyser that proves them."""
