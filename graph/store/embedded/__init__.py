"""The embedded database: one ArcadeDB process a data directory, shared by every Stemma process there."""

from graph.store.embedded.attachment import Attachment, attach
from graph.store.embedded.options import EmbeddedOptions

__all__ = ["Attachment", "EmbeddedOptions", "attach"]
