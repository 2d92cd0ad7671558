"""All benchmarks, one after the other, as `make bench` runs them."""

import subprocess
import sys

for name in (
    "start",
    "signatures",
    "sagemaker",
    "cone",
    "ingest",
    "registry",
    "statistics",
    "bias",
    "quality",
    "attribution",
    "capture",
    "audit_report",
):
    print(f"\n== {name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
