"""A case as files for other programs and for people (stage: analysis). It writes no file itself."""
