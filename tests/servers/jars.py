"""Neo4j's class path from Maven Central, kept in `build/` between runs."""

import re
import shutil
import subprocess
from pathlib import Path

POM = Path(__file__).parent / "neo4j" / "pom.xml"
BUILD = Path(__file__).parents[2] / "build" / "neo4j"


class NotProvisionedError(Exception):
    """Neo4j's jars are missing and can't be fetched."""


def version() -> str:
    """The Neo4j release that tests run on, as the pom says."""
    found = re.search(r"<neo4j\.version>(.+?)</neo4j\.version>", POM.read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def library() -> Path:
    """The folder of jars, fetched when it is not there yet.

    Raises:
        NotProvisionedError: Maven is missing or failed.
    """
    folder = BUILD / version()
    lib, stamp = folder / "lib", folder / "complete"
    pom = POM.read_text(encoding="utf-8")
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == pom:
        return lib
    if shutil.which("mvn") is None:
        raise NotProvisionedError("Maven is missing: run `python -m tests.servers.provision`")
    shutil.rmtree(folder, ignore_errors=True)
    lib.mkdir(parents=True)
    command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={lib}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotProvisionedError(
            f"Maven could not fetch Neo4j {version()}:\n{done.stdout[-2000:]}{done.stderr[-500:]}"
        )
    # Written last: an interrupted fetch is done again.
    stamp.write_text(pom, encoding="utf-8")
    return lib
