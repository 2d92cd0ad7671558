"""Objects in S3: what a URI names, and whose credentials read it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graph.errors import InvalidError, SettingError

if TYPE_CHECKING:
    from boto3.session import Session

SCHEME = "s3://"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]", re.ASCII)
LONGEST_KEY = 1_024
"""bytes in a key, as S3 has it"""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where credentials are found; never the secret itself.

    Attributes:
        name: what the policy calls them.
        profile: of the AWS configuration files.
        key_id_variable: environment variable with the access key id, when there is no profile.
        secret_variable: environment variable with the secret.
        endpoint: of an S3 other than AWS's, such as `http://127.0.0.1:9000`.
        region: None for the profile's.
    """

    name: str
    profile: str | None = None
    key_id_variable: str | None = None
    secret_variable: str | None = None
    endpoint: str | None = None
    region: str | None = None

    def session(self, environment: Mapping[str, str] = os.environ) -> "Session":
        """A boto3 session with them.

        Raises:
            SettingError: the profile or a variable is not there.
        """
        import boto3
        from botocore.exceptions import ProfileNotFound

        if self.profile is not None:
            try:
                return boto3.Session(profile_name=self.profile, region_name=self.region)
            except ProfileNotFound:
                raise SettingError(f"credentials {self.name}: there is no AWS profile {self.profile!r}") from None
        values = []
        for variable in (self.key_id_variable, self.secret_variable):
            value = environment.get(variable or "")
            if not value:
                raise SettingError(f"credentials {self.name}: the variable {variable} is not set")
            values.append(value)
        return boto3.Session(values[0], values[1], region_name=self.region)

    def client(self, environment: Mapping[str, str] = os.environ) -> Any:
        """An S3 client with them.

        Raises:
            SettingError: the profile or a variable is not there.
        """
        return self.session(environment).client("s3", endpoint_url=self.endpoint)


@dataclass(frozen=True, slots=True)
class S3Place:
    """An object, or a prefix of objects, that may be touched, and the credentials to do it with."""

    bucket: str
    key: str
    credentials: Credentials

    @property
    def uri(self) -> str:
        """As `s3://bucket/key`."""
        return f"{SCHEME}{self.bucket}/{self.key}"


def parts(uri: str) -> tuple[str, str]:
    """Bucket and key of a URI; keys are taken as they stand, without decoding.

    Raises:
        InvalidError: it is no such URI, or its key has a segment `.` or `..`, which some services resolve.

    Example:
        >>> parts("s3://lake/churn/a%20b.csv")
        ('lake', 'churn/a%20b.csv')
    """
    bucket, _, key = uri[len(SCHEME) :].partition("/")
    if uri[: len(SCHEME)].lower() != SCHEME or BUCKET.fullmatch(bucket) is None:
        raise InvalidError(
            f"{uri[:200]!r} is not of the form s3://bucket/key", path="uri", constraint="s3://bucket/key"
        )
    if any(segment in (".", "..") for segment in key.split("/")) or any(character < " " for character in key):
        raise InvalidError(f"{uri[:200]!r} has a segment '.' or '..', or a control character, in its key", path="uri")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        size = LONGEST_KEY + 1
    if size > LONGEST_KEY:
        raise InvalidError(f"the key of {uri[:200]!r} is not text of at most {LONGEST_KEY} bytes in UTF-8", path="uri")
    return bucket, key
