"""What a session of version 2 does while it waits for a job that runs elsewhere."""

import contextlib
import io

import lineage
import sdk


def scenario_waiting_for_a_job_prints_its_log():
    job = sdk.name("job")
    lineage.component(job)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        lineage.session.logs_for_job(job, wait=False)
    assert f"training-job/{job}" in printed.getvalue()
