"""Everything geocore raises on bad files, in one tree.

    GeocoreError
    ├── PhotoTableError   a table or folder of photos that cannot be used
    ├── ImageError        one image file that cannot be decoded
    ├── GridError         a cells.csv or a set of cells that cannot be used
    ├── ConfigError       an experiment TOML that cannot be used
    ├── BackboneError     backbone weights that cannot be had
    ├── FeatureError      features of photos that cannot be computed to the end, or not kept
    ├── ClusterError      a Dask cluster that cannot be used, or the package for it
    ├── JobError          a background job that cannot be started, ended or read
    ├── VocabularyError   the table of search words cannot be used
    ├── CrawlError        Flickr refuses or cannot be asked; what was collected is kept
    ├── WorldError        a folder that cannot be, or go on as, a made world
    ├── ResultsError      a stored table of results that cannot be used
    ├── DiskError         a disk is full or may not be written to; what was done is kept
    ├── CaseError         a case file that cannot be opened, read or added to
    ├── CautionError      a photo of a person or a room, and nobody said what its answer is for
    ├── OnlineNameError   OpenStreetMap could not be asked for a name
    └── BundleError       a bundle folder that cannot be trusted or read

Bad arguments raise ValueError or TypeError. Every message says what must hold, what was received,
where, and what to do.
"""


class GeocoreError(Exception):
    """Base of every error caused by a bad file rather than by a bad argument."""


class PhotoTableError(GeocoreError):
    """A photo table (CSV or EXIF folder) is missing, malformed, or leaves no usable photo."""


class ImageError(GeocoreError):
    """One image file cannot be decoded safely."""


class GridError(GeocoreError):
    """A grid of cells is empty, malformed or inconsistent."""


class ConfigError(GeocoreError):
    """An experiment configuration has an unknown key or a value out of range."""


class BackboneError(GeocoreError):
    """The weights of a backbone cannot be loaded on this machine."""


class BundleError(GeocoreError):
    """A bundle folder is incomplete, altered, or of a format this version cannot read."""


class CautionError(GeocoreError):
    """A photo seems to show a person or a room, and nobody said what its answer is for."""


class OnlineNameError(GeocoreError):
    """OpenStreetMap was asked for the name of a point, at the analyst's request, in vain."""


class ResultsError(GeocoreError):
    """A file of the results store is no table of results."""


class FeatureError(GeocoreError):
    """The features of photos cannot be kept, or the photos vanished; what is done is kept."""


class ClusterError(GeocoreError):
    """Work on several processes or machines is not possible, or has come to its end."""


class JobError(GeocoreError):
    """A background job cannot be started, ended or read, or the change does not fit its state."""


class VocabularyError(GeocoreError):
    """A table of the search vocabulary is missing, malformed, or holds what it must not."""


class CrawlError(GeocoreError):
    """Flickr refuses or cannot be asked, or a crawl on disk is not this one. Rows are kept."""


class WorldError(GeocoreError):
    """A folder holds something else than the made world asked for, or drawing was cut off."""


class DiskError(GeocoreError):
    """A disk is full, or may not be written to; long work goes on from there once it can."""


class CaseError(GeocoreError):
    """A case file is missing, damaged, locked, of a newer version, or cannot be written."""
