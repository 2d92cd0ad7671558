"""Installs what the tests need besides Python packages: `python -m tests.servers.provision`.

Maven (to fetch Neo4j) and Chromium come from apt when this runs as root; otherwise the command to run is printed and the exit
code is 1. Nothing happens when all is there.
"""

import os
import shutil
import subprocess
import sys

from tests.servers import jars

PACKAGES = {"mvn": "maven", "java": "default-jre-headless", "chromium": "chromium"}
"""Debian's packages, by the program that each is there for."""


def main() -> int:
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing:
        install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            print("The tests run a real Neo4j, which Maven fetches, and a real browser. Install once:", file=sys.stderr)
            print(f"\n    sudo {' '.join(install)}\n", file=sys.stderr)
            return 1
        print(f"Installing {' and '.join(missing)} …", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-q"], install):
            done = subprocess.run(
                command, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                print(f"`{' '.join(command)}` failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}", file=sys.stderr)
                return 1
    try:
        lib = jars.library()
    except jars.NotProvisionedError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Neo4j {jars.version()} for the tests is in {lib}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
