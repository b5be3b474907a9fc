"""Stage evaluation: probs, labels and points in, figures with intervals out."""
