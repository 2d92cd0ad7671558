"""Numbers from data: pure functions from files to statistics, constraints and violations.

Example:
    >>> baseline = statistics_of(profile_dataset(open_dataset("train.csv")))  # doctest: +SKIP
    >>> constraints = suggest_constraints(baseline)  # doctest: +SKIP
    >>> current = statistics_of(profile_dataset(open_dataset("captured/")))  # doctest: +SKIP
    >>> [violation.description for violation in find_violations(current, baseline, constraints)]  # doctest: +SKIP
    ['Baseline drift distance: 0.31 exceeds threshold: 0.1. …']
"""

from monitors.analysis.capture import Attribute, CaptureLayout, read_attribute
from monitors.analysis.checks import find_violations
from monitors.analysis.cluster import Cluster
from monitors.analysis.comparison import FeatureDrift, compare, drift_to_json
from monitors.analysis.constraints import Constraints, MonitoringConfig, parse_constraints, suggest_constraints
from monitors.analysis.errors import (
    AnalysisError,
    ColumnsError,
    DatasetNotFoundError,
    DocumentError,
    EmptyFileError,
    EncodingError,
    MalformedDataError,
    ModelError,
    WorkersError,
)
from monitors.analysis.files import File, Format, Source
from monitors.analysis.frames import profile_frame
from monitors.analysis.grouping import Grouping
from monitors.analysis.missing import MissingPatterns
from monitors.analysis.multiple import Correction
from monitors.analysis.profile import Profile
from monitors.analysis.profiling import profile_dataset
from monitors.analysis.reading import Dataset, open_dataset
from monitors.analysis.statistics import Statistics, parse_statistics
from monitors.analysis.stored import profile_from_bytes, profile_to_bytes
from monitors.analysis.summary import grouped_document, grouped_statistics, statistics_of
from monitors.analysis.violations import Violation, parse_violations, violations_document, violations_to_json

__all__ = [
    "AnalysisError",
    "Attribute",
    "CaptureLayout",
    "Cluster",
    "ColumnsError",
    "Constraints",
    "Correction",
    "Dataset",
    "DatasetNotFoundError",
    "DocumentError",
    "EmptyFileError",
    "EncodingError",
    "FeatureDrift",
    "File",
    "Format",
    "Grouping",
    "MalformedDataError",
    "MissingPatterns",
    "ModelError",
    "MonitoringConfig",
    "Profile",
    "Source",
    "Statistics",
    "Violation",
    "WorkersError",
    "compare",
    "drift_to_json",
    "find_violations",
    "grouped_document",
    "grouped_statistics",
    "open_dataset",
    "parse_constraints",
    "parse_statistics",
    "parse_violations",
    "profile_dataset",
    "profile_frame",
    "profile_from_bytes",
    "profile_to_bytes",
    "read_attribute",
    "statistics_of",
    "suggest_constraints",
    "violations_document",
    "violations_to_json",
]
