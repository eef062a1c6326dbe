"""The one lock for pdfium in this process.

pdfium keeps global state and is not thread-safe, not even for two different documents, and its calls let go of
Python's global lock. Adapters never import each other, so the lock that all of them share stands here, beside
`errors`. Hold it for as long as a pdfium document is open; it is not re-entrant.
"""

import threading

LOCK = threading.Lock()
