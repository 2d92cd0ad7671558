"""`stemma sdk-env`, as a shell takes it and as boto3 then works."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.sdk import LINES
from tests.api.cli.conftest import STEMMA, Stemma
from tests.api.conftest import Service

CLIENT = """
import boto3, json, os
made = boto3.client("sagemaker").create_artifact(ArtifactType="DataSet", Source={"SourceUri": "s3://lake/churn"})
who = boto3.client("sts").get_caller_identity()
print(json.dumps([made["ArtifactArn"], who["Account"], os.environ["AWS_ACCESS_KEY_ID"]]))
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "STEMMA_DATA_DIR": str(folder / "it's here"), **more}


async def evaluated(folder: Path, then: str, *options: str, **more: str) -> str:
    """What a Python script prints in a shell that took what `stemma sdk-env` says."""
    script = f'out=$("{STEMMA}" sdk-env "$@") && eval "$out" && exec "$PROGRAM" -c "$SCRIPT"'
    done = await asyncio.to_thread(
        subprocess.run,
        ["sh", "-c", script, "sh", *options],
        cwd=folder,
        env=environment(folder, PROGRAM=sys.executable, SCRIPT=then, **more),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_boto3_reaches_the_service_after_eval(service: Service, tmp_path: Path) -> None:
    address = str(service.client.base_url)
    said = json.loads(await evaluated(tmp_path, CLIENT, "--url", address))
    arn, account, key = said
    assert account == service.account
    assert key == "stemma"
    data = await service.data("query($id: ID!) { entity(arn: $id) { type } }", id=arn)
    assert data == {"entity": {"type": "DataSet"}}


async def test_credentials_that_the_shell_has_stay(service: Service, tmp_path: Path) -> None:
    address = str(service.client.base_url)
    own = {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "mine"}
    ignoring = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    said = json.loads(await evaluated(tmp_path, CLIENT, "--url", address, **own, **ignoring))
    assert said[1:] == [service.account, "AKIAMINE"]


def test_json_holds_the_same(stemma: Stemma) -> None:
    said = stemma.ok("sdk-env", "--s3", "http://127.0.0.1:9000", "--config", "sdk.yaml")
    assert said["variables"]["AWS_ENDPOINT_URL_STS"] == "http://127.0.0.1:8440"
    assert said["variables"]["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:9000"
    assert said["config"] == str(stemma.folder / "sdk.yaml")
    assert said["role"] == f"arn:aws:iam::{stemma.account}:role/stemma"
    assert "AWS_ENDPOINT_URL_S3" not in stemma.ok("sdk-env")["variables"]


def test_no_credentials_are_made_up_where_keys_are_asked_for(stemma: Stemma) -> None:
    done = stemma("sdk-env", environment={"STEMMA_KEYS": "required"})
    assert "AWS_ACCESS_KEY_ID=" not in done.out
    assert "stemma keys" in done.out
    assert "Nothing answered at http://127.0.0.1:8440" in done.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--url", "nonsense"], "is not the address of a service"),
        (["--bucket", "Not A Bucket"], "is not a name that a bucket can have"),
        (["--config", "/proc/none/sdk.yaml"], "name another with --config"),
        (["--shell", "tcsh"], "--shell"),
    ],
)
def test_wrong_use_is_explained(stemma: Stemma, options: list[str], said: str) -> None:
    done = stemma("sdk-env", *options)
    assert done.code == 2
    assert said in done.err


def test_a_port_that_is_any_is_not_guessed(stemma: Stemma) -> None:
    done = stemma("sdk-env", environment={"STEMMA_PORT": "0"})
    assert (done.code, done.out) == (2, "")
    assert "--url" in done.err


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("sh", """export A='it'"'"'s \\ here'"""),
        ("fish", r"""set -gx A 'it\'s \\ here'"""),
        ("powershell", r"""$env:A = 'it''s \ here'"""),
    ],
)
def test_values_are_quoted_for_each_shell(shell: str, line: str) -> None:
    assert LINES[shell]("A", "it's \\ here") == line
