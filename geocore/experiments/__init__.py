"""The thesis's experiments A to D, repeated offline on any photo set (chapter 6)."""
