"""Clients in environments and processes of their own, against the application over real HTTP, with a real key."""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from moto.server import ThreadedMotoServer

from api import auth
from api.app import create_app
from api.settings import load
from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.monitoring.scheduler import Scheduler
from graph.reach import Credentials
from graph.registry import groups
from graph.registry.gates import Bound, set_gates
from monitors.processing.allowances import Allowances
from monitors.processing.processes import Limits
from monitors.processing.shadows import Serving
from monitors.processing.worker import Worker
from tests.api.cli.conftest import STEMMA
from tests.conformance.responses import Checked
from tests.conftest import Databases
from tests.servers.application import Switch
from tests.servers.environments import python

MODULES = {
    "sdk2": (
        "lineage",
        "walks",
        "runs",
        "experiments1",
        "waits2",
        "monitors2",
        "clarify2",
        "cards2",
        "gates2",
        "registry2",
    ),
    "sdk3": ("lineage", "walks", "runs", "resources3", "registry3"),
}
"""The scenarios of each environment, modules in `clients/`."""
CLIENTS = Path(__file__).with_name("clients")
EXAMPLES = Path(__file__).parents[2] / "examples"
BUCKET = "models-of-ours"
MINUTES = 10


@dataclass(frozen=True)
class Ran:
    """What became of the scenarios of one process.

    Attributes:
        scenarios: by `module:function`, the error's text or None.
        connections: what the process connected to or looked up, one `loopback …` or `beyond …` a line.
    """

    scenarios: dict[str, str | None]
    connections: list[str]


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    """The address of a store that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def policy(folder: Path, object_store: str, accounts: Sequence[str], *shared: str, host: str | None = None) -> Path:
    """A policy that lets some accounts read and write a bucket of their own, which is made, and shared ones."""
    text = (
        '[credentials.store]\nkey_id_variable = "AWS_TEST_ID"\nsecret_variable = "AWS_TEST_SECRET"\n'
        f'endpoint = "{object_store}"\nregion = "us-east-1"\n'
    )
    made = Credentials("store", None, "AWS_TEST_ID", "AWS_TEST_SECRET", object_store, "us-east-1")
    os.environ.update(AWS_TEST_ID="id", AWS_TEST_SECRET="secret")
    for account in accounts:
        buckets = [f"cards-{account}", *shared]
        rules = ", ".join(f'{{ prefix = "s3://{bucket}/", credentials = "store" }}' for bucket in buckets)
        text += f"[accounts.{account}]\ns3 = [{rules}]\n" + ("" if host is None else f'outbound = ["{host}"]\n')
        made.client().create_bucket(Bucket=f"cards-{account}")
    path = folder / "policy.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest_asyncio.fixture(scope="session")
async def ran(
    switch: tuple[Switch, str],
    catalog: Catalog,
    databases: Databases,
    object_store: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Ran], Checked]:
    """The outcome of every environment's scenarios, and what the service answered; each process has an account of its own."""
    behind, address = switch
    seal = databases.folder / "keys" / "secrets.key"
    accounts = {environment: f"{random.randrange(10**12):012d}" for environment in MODULES}
    data_dir = tmp_path_factory.mktemp("service")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = load(
        data_dir=data_dir,
        keys="required",
        secrets_key_file=seal,
        policy=policy(data_dir, object_store, [*accounts.values()], BUCKET, host=f"http://127.0.0.1:{port}"),
        capture_seconds=0.5,
    )
    app = create_app(settings, catalog)
    app.state.catalog = catalog
    principals = auth.principals(settings, catalog)

    async def run(environment: str) -> Ran:
        admin = Caller(accounts[environment], "operator", "test", Role.ADMIN)
        made = await principals.create(admin, "ana", role=Role.APPROVER)
        key = {"AWS_ACCESS_KEY_ID": made.key.id, "AWS_SECRET_ACCESS_KEY": made.secret}
        place = catalog.place(admin.account)
        await catalog.write(admin, [groups.create(place, "gated")], operation="test")
        gates = set_gates(place, "gated", bounds=[Bound("auc", at_least=0.9)])
        await catalog.write(admin, [gates], operation="test")
        folder = tmp_path_factory.mktemp(environment)
        return await asyncio.to_thread(
            _run, environment, folder, address, object_store, {**key, "MODEL_PORT": str(port)}
        )

    before, checked = behind.app, Checked(app)
    behind.app = checked
    scheduler = Scheduler(catalog, accounts=[*accounts.values()])
    program = str(Path(__file__).with_name("models") / "weights.py")
    serving = Serving(commands={"weights": [sys.executable, program, "{model}", "{port}"]})
    worker = Worker(
        *(catalog, settings.reach(), Limits(2_048, 120)),
        slots=2,
        accounts=[*accounts.values()],
        allowances=Allowances(serving),
    )
    stop = asyncio.Event()
    scheduler.start()
    working = asyncio.create_task(worker.run(stop))
    try:
        found = await asyncio.gather(*map(run, MODULES))
    finally:
        stop.set()
        scheduler.stop()
        await working
        behind.app = before
    return dict(zip(MODULES, found, strict=True)), checked


def _run(environment: str, folder: Path, address: str, object_store: str, key: dict[str, str]) -> Ran:
    home = folder / "home"
    home.mkdir()
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), **key}
    told = _told(folder, address, object_store, clean)
    out, connections = folder / "out.json", folder / "connections"
    guarded = {"PYTHONPATH": str(CLIENTS / "guard"), "CONNECTIONS_FILE": str(connections), "EXPECTED_BUCKET": BUCKET}
    guarded |= {"EXAMPLE": str(EXAMPLES / "model_monitor.py"), "REQUESTS": "120"}
    quiet = {"PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(python(environment)), str(CLIENTS / "run.py"), str(out), *MODULES[environment]],
        cwd=home,
        env={**clean, **told, **guarded, **quiet},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    scenarios = {name: outcome["error"] for name, outcome in json.loads(out.read_text()).items()}
    return Ran(scenarios, connections.read_text().splitlines())


def _told(folder: Path, address: str, object_store: str, clean: dict[str, str]) -> dict[str, Any]:
    """The variables that `stemma sdk-env` prints."""
    done = subprocess.run(
        [str(STEMMA), "sdk-env", "--json", "--url", address, "--s3", object_store, "--bucket", BUCKET],
        env={**clean, "STEMMA_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads(done.stdout)
    assert document["keys"] is True
    variables: dict[str, Any] = document["variables"]
    return variables
