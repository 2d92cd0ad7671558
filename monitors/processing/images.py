"""Which container images stand for programs of ours: told by the last part of their path, whatever the registry and tag."""

from enum import StrEnum


class Image(StrEnum):
    """The images that the SageMaker SDK names for its monitors."""

    ANALYZER = "sagemaker-model-monitor-analyzer"
    CLARIFY = "sagemaker-clarify-processing"


def image_of(uri: str) -> Image | None:
    """The program of ours that an image stands for; None for an image of somebody else's.

    Example:
        >>> image_of("156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer:1.0")
        <Image.ANALYZER: 'sagemaker-model-monitor-analyzer'>
    """
    last = uri.rpartition("/")[2].partition("@")[0].partition(":")[0]
    return next((image for image in Image if image.value == last), None)
