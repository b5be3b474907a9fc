"""Propose further words for the vocabulary that photos are searched by.

Every proposal becomes a row with status `unreviewed`; nothing uses it until you have read it and
set its status to `reviewed` (or to `ambiguous`, or deleted it). Synonyms come from a WordNet,
translations from Argos Translate, both installed with: pip install 'geocore[vocabulary]'

    python scripts/extend_vocabulary.py --synonyms flood,earthquake
    python scripts/extend_vocabulary.py --add quarry --group natural --scene natural
    python scripts/extend_vocabulary.py --translations it,sv
"""

import argparse
import sys
from pathlib import Path

from geocore.data.vocabulary import FOLDER, GROUPS, SCENES, load_words
from geocore.data.vocabulary_proposals import (
    add_rows,
    add_term,
    propose_synonyms,
    propose_translations,
)
from geocore.errors import GeocoreError


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    args = _parser().parse_args(argv)
    try:
        if args.add:
            add_term(args.add, args.group, args.scene, args.vocabulary)
        rows = propose_synonyms(args.synonyms.split(",")) if args.synonyms else []
        if args.translations:
            words = load_words(args.vocabulary)
            rows += propose_translations(words, args.translations.split(","))
        n_added = add_rows(rows, args.vocabulary) + bool(args.add)
    except (GeocoreError, ValueError, OSError) as error:
        sys.stderr.write(f"extend_vocabulary.py: {error}\n")
        return 1
    print(f"{n_added} unreviewed rows added to {args.vocabulary / 'words.csv'}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("--synonyms", metavar="TERMS", help="terms to propose English synonyms for")
    add("--translations", metavar="LANGUAGES", help="such as it,fr: translate what is missing")
    add("--add", metavar="TERM", help="a new English term")
    add("--group", choices=GROUPS, help="of the new term")
    add("--scene", choices=SCENES, help="of the new term: what it counts for in table 5.1")
    add("--vocabulary", type=Path, default=FOLDER, metavar="DIR", help="default: the shipped one")
    return parser


if __name__ == "__main__":
    sys.exit(main())
