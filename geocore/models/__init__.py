"""Models stage: backbones, heads and classifiers on photos and their features."""
