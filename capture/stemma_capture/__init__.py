"""Captures what a model is asked and what it answers, in the files that SageMaker's data capture writes.

Example:
    >>> capture = Capture(Settings(destination="/srv/captured", endpoint="shop", spool="/var/lib/shop"))  # doctest: +SKIP
    >>> app = CaptureMiddleware(app, capture)  # doctest: +SKIP
"""

from stemma_capture.middleware import CaptureMiddleware
from stemma_capture.queueing import Capture, Statistics
from stemma_capture.records import Exchange, Payload
from stemma_capture.redaction import Redaction
from stemma_capture.settings import Settings

__all__ = ["Capture", "CaptureMiddleware", "Exchange", "Payload", "Redaction", "Settings", "Statistics"]
