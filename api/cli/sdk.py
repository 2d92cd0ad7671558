"""What AWS's clients need to be told, so that unchanged code reaches this service: `sdk-env`."""

import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.cli.call import DONE, Call, command

ENDPOINTS = (
    "SAGEMAKER",
    "SAGEMAKER_RUNTIME",
    "SAGEMAKER_METRICS",
    "RESOURCE_GROUPS",
    "RESOURCE_GROUPS_TAGGING_API",
    "CLOUDWATCH",
    "CLOUDWATCH_LOGS",
    "IAM",
    "STS",
)
"""Services that are answered here, by the ends of boto3's variables `AWS_ENDPOINT_URL_…`."""
DUMMY = "stemma"
"""Key and secret for a service that looks at neither: boto3 sends nothing without them."""
ROLE = "arn:aws:iam::{}:role/stemma"
SECONDS = 10
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
Shell = Literal["sh", "fish", "powershell"]
LINES: dict[str, Callable[[str, str], str]] = {
    "sh": lambda name, value: f"export {name}={shlex.quote(value)}",
    "fish": lambda name, value: "set -gx {} '{}'".format(name, value.replace("\\", "\\\\").replace("'", "\\'")),
    "powershell": lambda name, value: "$env:{} = '{}'".format(name, value.replace("'", "''")),
}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "sdk-env", panel="Check and set up")(sdk_env)


def sdk_env(
    call: Call,
    url: Annotated[str | None, typer.Option(help="Where the service answers.", show_default=False)] = None,
    s3: Annotated[
        str | None, typer.Option(help="An object store that speaks S3; without it, S3 stays AWS's.", show_default=False)
    ] = None,
    bucket: Annotated[str | None, typer.Option(help="The SDK's default bucket.", show_default=False)] = None,
    config: Annotated[
        Path | None, typer.Option(help="The SDK's configuration file, which is written.", show_default=False)
    ] = None,
    shell: Annotated[Shell, typer.Option(help="Whose language to print.")] = "sh",
) -> int:
    """Print what sends boto3 and the SageMaker SDK here, and write the SDK's configuration file.

    sh: eval "$(stemma sdk-env)"

    fish: stemma sdk-env --shell fish | source

    PowerShell: stemma sdk-env --shell powershell | Out-String | Invoke-Expression
    """
    settings = call.settings
    address = (url or _address(settings)).rstrip("/")
    asked, known = _asked(address, settings.region)
    account = asked or settings.account
    keys = known if known is not None else settings.keys == "required" or settings.beyond_loopback
    file = (config or settings.data_dir / "sdk" / "config.yaml").absolute()
    _write(file, bucket or f"sagemaker-{settings.region}-{account}")
    variables = {f"AWS_ENDPOINT_URL_{name}": address for name in ENDPOINTS}
    if s3 is not None:
        variables["AWS_ENDPOINT_URL_S3"] = s3
    if "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" in os.environ:
        variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "false"
    variables |= {"AWS_REGION": settings.region, "AWS_DEFAULT_REGION": settings.region}
    variables["SAGEMAKER_USER_CONFIG_OVERRIDE"] = str(file)
    if not keys and not _has_credentials():
        variables |= {"AWS_ACCESS_KEY_ID": DUMMY, "AWS_SECRET_ACCESS_KEY": DUMMY}
    role = ROLE.format(account)
    remarks = [f"Where the SDK asks for a role, give an ARN: {role}"]
    if known is None:
        remarks.append(f"Nothing answered at {address}: account and keys are those of the settings")
    if keys:
        remarks.append(
            "The service asks for a key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to one of `stemma keys`"
        )

    def show(_: Any) -> None:
        lines = [LINES[shell](name, value) for name, value in variables.items()]
        sys.stdout.write("\n".join([*lines, *(f"# {remark}" for remark in remarks)]) + "\n")

    call.emit({"variables": variables, "config": str(file), "role": role, "keys": keys}, show)
    return DONE


def _address(settings: Any) -> str:
    """Where `stemma serve` with the same settings answers callers on this machine."""
    from graph.errors import SettingError

    if settings.port == 0:
        raise SettingError("STEMMA_PORT is 0, any free port; give --url with the address that `stemma serve` printed")
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "localhost") else settings.host  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _asked(address: str, region: str) -> tuple[str | None, bool | None]:
    """The account of callers without a key, and whether a key is asked for; None for what isn't known."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    from graph.errors import InvalidError

    limits = Config(
        signature_version=UNSIGNED,
        connect_timeout=SECONDS,
        read_timeout=SECONDS,
        retries={"total_max_attempts": 1},
        proxies={},
    )
    try:
        sts: Any = boto3.session.Session().client("sts", endpoint_url=address, region_name=region, config=limits)
        return sts.get_caller_identity()["Account"], False
    except ClientError as error:
        refused = error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        return None, refused or None
    except BotoCoreError:
        return None, None
    except ValueError:
        raise InvalidError(f"{address} is not the address of a service, such as http://127.0.0.1:8440") from None


def _has_credentials() -> bool:
    """Whether whoever asks has named credentials of their own, which are not to be replaced."""
    return os.environ.get("AWS_ACCESS_KEY_ID", DUMMY) != DUMMY or "AWS_PROFILE" in os.environ


def _write(file: Path, bucket: str) -> None:
    """The file that keeps the SDK from asking AWS for an account and from reporting its use."""
    from graph.errors import InvalidError, SettingError

    if BUCKET.fullmatch(bucket) is None:
        raise InvalidError(f"{bucket} is not a name that a bucket can have", path="--bucket")
    text = (
        "# Written by `stemma sdk-env`; the SageMaker SDK reads it by SAGEMAKER_USER_CONFIG_OVERRIDE.\n"
        "SchemaVersion: '1.0'\n"
        "SageMaker:\n"
        "  PythonSDK:\n"
        "    Modules:\n"
        "      Session:\n"
        f"        DefaultS3Bucket: {bucket}\n"
        "      TelemetryOptOut: true\n"
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingError(f"can't write {file}: {error.strerror}; name another with --config") from None
