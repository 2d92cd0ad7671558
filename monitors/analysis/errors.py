"""Every error that the analysis of data raises on purpose.

    AnalysisError
    ├── DatasetNotFoundError     nothing is there, or nothing of a known format
    ├── MalformedDataError       a file can't be read as what it claims to be
    │   ├── EmptyFileError       a file of no bytes
    │   └── EncodingError        text that is not UTF-8
    ├── ColumnsError             names repeat, files disagree, or a column is nested
    ├── WorkersError             processes or a cluster can't be used, or were lost
    ├── DocumentError            statistics.json or constraints.json breaks its format
    └── ModelError               a model answers with what it must not, or can't be explained as was asked

Messages are written for the person who gave the data: what was looked at, what is wrong, what to change.
"""


class AnalysisError(ValueError):
    """What every error of this package is; `message` is the whole text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class DatasetNotFoundError(AnalysisError):
    """The path does not exist, or holds no file of a format that can be read."""


class MalformedDataError(AnalysisError):
    """A file is damaged or is not of its format; the message names the file and, where known, the line."""


class EmptyFileError(MalformedDataError):
    """A file has no bytes at all: not even a header."""


class EncodingError(MalformedDataError):
    """A text file is not UTF-8."""


class ColumnsError(AnalysisError):
    """Column names repeat, files have different columns, or a column has a type that is not flat."""


class DocumentError(AnalysisError):
    """A statistics or constraints document does not follow its format; the message names the place."""


class WorkersError(AnalysisError):
    """Worker processes or a cluster can't be used: an address, certificates, no answer, or workers that were lost."""


class ModelError(AnalysisError):
    """A model fails, answers with what is no finite number, or can't be explained in the way that was asked for."""
