"""Importers: what came of an import, in numbers and in words."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from geocore.data.importers.detection import FORMATS
from geocore.data.whole_files import whole_file

REPORT = "import.json"


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """Rows in, rows out, and why the others are not there.

    Attributes:
        source: Name of the file or folder.
        format: Key of FORMATS.
        table: Name of the table that was written.
        n_in: Rows of the source.
        n_out: Rows of the table.
        reasons: Why rows were left out, and how many.
        examples: For each reason the first such row and what it says.
        n_listed: How many of them `dropped.csv` lists; of each reason the first ones.
        images: "in the photo set", "in the folder NAME", or "" for positions only.
        is_swapped: Whether latitude and longitude were exchanged, as asked.
        asked: What was asked for; the same again need not be done again.
    """

    source: str
    format: str
    table: str
    n_in: int
    n_out: int
    reasons: dict[str, int]
    examples: dict[str, str]
    n_listed: int
    images: str
    is_swapped: bool
    asked: dict[str, Any]

    def summary(self) -> str:
        """The report in sentences, one a line."""
        lines = [
            f"{self.source} ({FORMATS[self.format]}): {self.n_out:,} of {self.n_in:,} photos "
            f"imported into {self.table}."
        ]
        lines += [
            f"  left out: {n:,} × {reason} (first: {self.examples[reason]})"
            for reason, n in self.reasons.items()
        ]
        if self.n_listed:
            lines.append(f"  {self.n_listed:,} of these rows are listed in dropped.csv.")
        if self.is_swapped:
            lines.append("Latitude and longitude were exchanged, as asked.")
        lines.append(f"Images: {self.images or 'none, the table holds positions only'}.")
        return "\n".join(lines)


def save_report(report: ImportReport, folder: Path) -> None:
    """Write `import.json`."""
    with whole_file(folder / REPORT) as scratch:
        scratch.write_text(json.dumps(asdict(report), indent=1, ensure_ascii=False), "utf-8")


def load_report(folder: Path) -> ImportReport:
    """Read what `save_report` wrote."""
    return ImportReport(**json.loads((folder / REPORT).read_text("utf-8")))
