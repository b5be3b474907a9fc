"""Photos that were answered and may be looked at again, as long as there is room for them.

Stage: casework. It must not know cases or pages. What lies here is shown beside its answer and put
into exports; a case that keeps its photos has its own. Nothing is lost with a photo that had to
make room but the sight of it: its answer and its fingerprint stand in the case.

Source: own; least recently used first out.
"""

import threading
from collections import OrderedDict

MAX_BYTES = 1 << 30


class PhotoCache:
    """Encoded photos by the SHA-256 of their bytes; safe to use from several threads.

    Args:
        max_bytes: of all photos together; those not asked for longest make room.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes, self._n_bytes = max_bytes, 0
        self._photos: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, sha256: str, content: bytes) -> None:
        """Keep a photo; one that is larger than the whole cache is not kept."""
        with self._lock:
            self._n_bytes += len(content) - len(self._photos.pop(sha256, b""))
            self._photos[sha256] = content
            while self._n_bytes > self._max_bytes:
                _, oldest = self._photos.popitem(last=False)
                self._n_bytes -= len(oldest)

    def get(self, sha256: str) -> bytes | None:
        """The photo, if it is still there."""
        with self._lock:
            if sha256 in self._photos:
                self._photos.move_to_end(sha256)
            return self._photos.get(sha256)
