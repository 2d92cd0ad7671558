"""Runs the scenarios of modules in one process and writes what became of them: `run.py OUT MODULE …`.

A scenario is a function whose name begins with `scenario_`; it fails by raising. Importing an SDK takes seconds, so all of
one environment share a process.
"""

import importlib
import json
import sys
import time
import traceback
from pathlib import Path


def main(out: str, *modules: str) -> None:
    found = {}
    for module in modules:
        loaded = importlib.import_module(module)
        for name, scenario in vars(loaded).items():
            if name.startswith("scenario_"):
                began = time.perf_counter()
                try:
                    scenario()
                    error = None
                except Exception:
                    error = traceback.format_exc()
                found[f"{module}:{name}"] = {"error": error, "seconds": time.perf_counter() - began}
    Path(out).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
