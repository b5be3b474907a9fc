"""Importers: from any collection of photos with positions to a photo set of ours (stage: data).

One module per kind of source gives raw rows piece by piece; `importing` checks them, finds their
images and writes the photo set, in memory that does not grow with the number of rows. They know no
cells and no models.
"""

from geocore.data.importers.import_report import ImportReport
from geocore.data.importers.importing import ImportOptions, import_photos

__all__ = ["ImportOptions", "ImportReport", "import_photos"]
