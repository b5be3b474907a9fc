"""Measures how fast geocore is, as ratios within one run. Takes a few minutes."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm


def main(argv: list[str] | None = None) -> int:
    """Print the table; exit code 1 when a goal was missed."""
    from geocore import benchmark  # not above: processes that draw photos would load it, too

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        help=f"what to measure: {', '.join(benchmark.PARTS)} (all of them by default)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the table as JSON")
    arguments = parser.parse_args(argv)
    try:
        parts = benchmark.check_parts(arguments.parts)
    except ValueError as error:
        parser.error(str(error))
    lines = []
    for part in tqdm(parts, desc="measuring", disable=not sys.stderr.isatty()):
        lines += benchmark.PARTS[part]()
    print(benchmark.as_table(lines))
    if arguments.json:
        text = json.dumps([asdict(line) for line in lines], indent=2)
        arguments.json.write_text(text + "\n", encoding="utf-8")
    return 0 if all(line.is_reached for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
