"""`stemma registry deployments` on what was in production."""

from graph.catalog import Catalog
from graph.hosting.deployments import Undeploy
from graph.store.provider import EmbeddedProvider
from graph.times import from_ms
from tests.api.cli.conftest import Stemma
from tests.graph.hosting.test_endpoints import Hosting, tick


async def test_what_ran_is_shown_for_any_time(stemma: Stemma) -> None:
    catalog = await Catalog.open(EmbeddedProvider(stemma.data_dir), stemma.data_dir)
    try:
        hosting = Hosting(catalog, stemma.account)
        (version,) = await hosting.versions("churn", 1)
        await hosting.model("m", ModelPackageName=version)
        await hosting.config("c", ("v", "m", 1))
        await hosting.endpoint("e", "c")
        at = from_ms(await tick()).isoformat()
        await hosting.write(Undeploy(hosting.place, "e"))
    finally:
        await catalog.close()
    assert stemma("registry", "deployments", "--json").json == []
    (row,) = stemma("registry", "deployments", "--at", at, "--json").json
    assert (row["variant"], row["model"], row["versions"], row["cause"]) == ("v", "m", [version], "Create")
    assert row["endpoint"] == hosting.place.arn("endpoint/e")
    for only in (("--endpoint", "e"), ("--endpoint", row["endpoint"]), ("--group", "churn")):
        assert stemma("registry", "deployments", "--at", at, *only, "--json").json == [row]
    for only in (("--endpoint", "f"), ("--group", "chur")):
        assert stemma("registry", "deployments", "--at", at, *only, "--json").json == []
    (ran,) = stemma("registry", "deployments", "--exposure", "model-package/churn/1", "--json").json
    assert (ran["startedAt"], ran["arn"]) == (row["startedAt"], row["arn"])
    assert ran["endedAt"] > ran["startedAt"]
    shown = stemma("registry", "deployments", "--exposure", "model-package/churn/1")
    assert version in shown.out
    refused = stemma("registry", "deployments", "--exposure", "model-package/churn/1", "--at", at)
    assert (refused.code, "stands alone" in refused.err) == (2, True)
