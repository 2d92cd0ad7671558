"""Capture files: JSON Lines of requests and answers of a model, as SageMaker and our own capture write them.

A record becomes rows: a field for each value of the answer, then for each of the request
(https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html). What each is called, `CaptureLayout` says.
"""

from monitors.analysis.capture.layout import NO_LAYOUT, Attribute, CaptureLayout, read_attribute
from monitors.analysis.capture.rows import parse

__all__ = ["NO_LAYOUT", "Attribute", "CaptureLayout", "parse", "read_attribute"]
