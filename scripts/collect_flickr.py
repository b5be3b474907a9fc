"""Collect openly licensed photos with a position from Flickr, by the words of the vocabulary.

Without --yes nothing is sent, only said what would be. Your key for Flickr is read from the
environment variable FLICKR_API_KEY. However a run ended, the same command goes on from there.

    python scripts/collect_flickr.py --out photos/flood --terms flood --area=5,44,14,50 [--yes]
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from geocore.data.flickr.crawl import CrawlLimits, collect_photos
from geocore.data.flickr.server import ENDPOINT, FlickrServer, key_from_environment
from geocore.data.flickr.settings import OPTIONS, announcement, settings_from_text
from geocore.errors import GeocoreError


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    args = _parser().parse_args(argv)
    try:
        settings = settings_from_text({name: getattr(args, name) for name in OPTIONS})
        limits = CrawlLimits(args.per_term, args.max_queries, not args.no_images)
        print(announcement(settings))
        if not args.yes:
            print(f"\nNothing was sent. Add --yes to collect into {args.out}.")
            return 0
        server = FlickrServer(key_from_environment(), settings.wanted(), endpoint=args.endpoint)
        with tqdm(bar_format="{desc} [{elapsed}]", disable=not sys.stderr.isatty()) as bar:
            report = collect_photos(args.out, settings, server, limits, bar.set_description_str)
    except KeyboardInterrupt:
        sys.stderr.write("Ended by you. The same command goes on from here.\n")
        return 130
    except (GeocoreError, ValueError, OSError) as error:
        sys.stderr.write(f"collect_flickr.py: {error}\n")
        return 1
    print(f"\n{report.summary()}\nThe table is {args.out / 'photos.csv'}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="photo set to make")
    add("--yes", action="store_true", help="ask Flickr; without it, only say what would be asked")
    for name, text in OPTIONS.items():
        add(f"--{name.replace('_', '-')}", help=text)
    add("--per-term", type=int, help="photos of a term that suffice, the first posted first")
    add("--max-queries", type=int, help="ask at most so many queries this time")
    add("--no-images", action="store_true", help="only the table, no image files")
    add("--endpoint", default=ENDPOINT, help="a server on this computer, for tests")
    return parser


if __name__ == "__main__":
    sys.exit(main())
