"""The SageMaker SDK of this environment: version 3 has in `sagemaker.core` what version 2 has in `sagemaker`."""

import importlib
import uuid
from importlib import metadata

import boto3
from botocore.exceptions import ClientError

CORE = any(found.metadata["Name"] == "sagemaker-core" and found.version[0] == "2" for found in metadata.distributions())


def module(name):
    """A module of the SDK, such as `lineage.artifact`."""
    return importlib.import_module(f"sagemaker.core.{name}" if CORE else f"sagemaker.{name}")


def session():
    """A session as people make it: everything else comes from the environment."""
    if CORE:
        return module("helper.session_helper").Session()
    return importlib.import_module("sagemaker").Session()


def name(base):
    """A name that no other scenario uses."""
    return f"{base}-{uuid.uuid4().hex[:8]}"


def refused(code, said, function, *arguments, **given):
    """Hold a call to be refused with a code and a text."""
    try:
        function(*arguments, **given)
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, found
        assert said in found["Message"], found
        return
    raise AssertionError(f"{function} was not refused")


def client(service="sagemaker"):
    """boto3's own client."""
    return boto3.client(service)
