"""The example of Model Monitor, as it stands in `examples/`."""

import io
import os
import runpy
from contextlib import redirect_stdout


def scenario_all_four_monitors_see_what_changed():
    printed = io.StringIO()
    with redirect_stdout(printed):
        runpy.run_path(os.environ["EXAMPLE"], run_name="__main__")
    said = printed.getvalue()
    assert "120 of 120 requests were captured" in said, said
    for monitor in ("data", "quality", "bias", "explainability"):
        assert f"-{monitor}: CompletedWithViolations" in said, said
    assert "baseline" in said
    assert "is InAlert" in said
    assert "ModelDeployment" in said
    assert "Model" in said
