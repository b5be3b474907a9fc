"""Data stage: openly licensed photos with a position, collected from Flickr on purpose only."""
