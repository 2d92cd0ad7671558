"""The application: its routes, and what stands before them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from api import access, audit_jobs, auth, job_reports
from api.audit_jobs import AuditJobs
from api.auth import Authenticator
from api.explorer import HOME, SESSION, Explorer
from api.gate import Gate, host_names
from api.gateway import ROUTE as INVOCATIONS
from api.gateway import Gateway
from api.graphql.endpoint import Endpoint
from api.ground_truth import ROUTE as GROUND_TRUTH
from api.ground_truth import GroundTruth
from api.job_reports import JobReports
from api.metrics import Metrics
from api.problems import ProblemError, from_error, problem
from api.sagemaker.door import Door
from api.sagemaker.routing import is_aws, paths
from api.settings import Settings
from api.webhooks import courier
from graph.catalog import Catalog
from graph.errors import StemmaError
from graph.monitoring.scheduler import Scheduler
from graph.reach import Policy
from graph.registry.watch import Watch

READY_SECONDS = 2.0


def create_app(settings: Settings, catalog: Catalog | None = None) -> Starlette:
    """The ASGI application.

    Args:
        settings: What was set.
        catalog: An open graph that stays the caller's; by default the settings' own is opened at start and closed at the end.

    Raises:
        SettingError: a setting can't be used.
    """
    # A policy with a mistake in it should not wait for the first door that asks it.
    policy = settings.reach()
    metrics = Metrics()
    authenticator = Authenticator(settings, lambda: app.state.catalog)
    audits = AuditJobs()
    graphql = Endpoint(settings, metrics, policy, audits)
    door = Door(settings, metrics, authenticator, policy)
    reports = JobReports(settings, authenticator)
    explorer = Explorer(authenticator)
    gateway = Gateway(settings, authenticator, policy)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        opened = catalog if catalog is not None else await open_catalog(settings)
        app.state.catalog = opened
        app.state.policy = policy
        try:
            await auth.check(settings, opened)
            async with background(settings, opened, policy):
                yield
        finally:
            await audits.close()
            await gateway.close()
            await authenticator.close()
            if catalog is None:
                await opened.close()

    async def show_metrics(_: Request) -> Response:
        content, media_type = metrics.text(app.state.catalog.access_log.dropped)
        return Response(content, headers={"Content-Type": media_type})

    gate = Middleware(
        Gate,
        authenticator=authenticator,
        hosts=host_names(settings.host, settings.allowed_hosts),
        metrics=metrics,
        account=settings.account,
        open_to_all=lambda method, path: _open(settings, method, path),
    )
    routes = [
        Route("/", explorer.root, methods=["GET"]),
        Route("/ui/session", explorer.session, methods=["GET", "POST", "DELETE"]),
        Route("/ui/{path:path}", explorer.page, methods=["GET"]),
        Route("/", door.answer, methods=["POST"]),
        Route(INVOCATIONS, gateway.answer, methods=["POST"]),
        *(Route(path, door.answer, methods=[method]) for method, path in paths()),
        Route("/graphql", graphql.answer, methods=["GET", "POST"]),
        Route(job_reports.ROUTE, reports.answer, methods=["POST"]),
        Route(GROUND_TRUTH, GroundTruth(settings, policy).answer, methods=["POST"]),
        Route(audit_jobs.ROUTE, audits.download, methods=["GET"]),
        Route(job_reports.TOKEN_ROUTE, reports.token, methods=["POST"]),
        Route("/livez", live),
        Route("/readyz", ready),
        Route("/metrics", show_metrics),
    ]
    app = Starlette(routes=routes, middleware=[gate], exception_handlers=FAILURES, lifespan=lifespan)
    app.state.gateway = gateway
    return app


@asynccontextmanager
async def background(settings: Settings, catalog: Catalog, policy: Policy) -> AsyncIterator[None]:
    """What goes on beside requests: events are delivered, what is due is recorded, approvals are watched."""
    delivering, scheduler, watch = courier(settings, catalog, policy), Scheduler(catalog), Watch(catalog)
    try:
        delivering.start()
        watch.start()
        if settings.scheduler:
            scheduler.start()
        yield
    finally:
        scheduler.stop()
        await watch.stop()
        await delivering.stop()


async def open_catalog(settings: Settings) -> Catalog:
    """The graph that the settings name.

    Raises:
        DatabaseUnavailableError: its database can't be reached.
    """
    return await Catalog.open(
        settings.provider(),
        settings.data_dir,
        region=settings.region,
        retry_seconds=settings.retry_seconds,
        read_seconds=settings.read_seconds,
        access_days=settings.access_log_days,
    )


def _open(settings: Settings, method: str, path: str) -> bool:
    """Whether nobody has to be known here yet."""
    pages = ("/", "/ui", "/graphql") if settings.graphiql else ("/", "/ui")
    if method in ("GET", "HEAD") and (path in pages or path.startswith(HOME)):
        return True
    # These look themselves who asks: a signature covers the body, and a job may show a token of its own.
    return path == SESSION or path.startswith(job_reports.PATH) or is_aws(method, path, {})


async def live(_: Request) -> Response:
    """The process answers."""
    return _json({"status": "live"})


async def ready(request: Request) -> Response:
    """The database answers, too.

    Raises:
        UnavailableError: it does not.
    """
    catalog: Catalog = request.app.state.catalog
    try:
        await catalog.store.read("schema/read_version", {}, seconds=READY_SECONDS)
    except StemmaError:
        return problem(503, "the database does not answer", request.state.request_id)
    return _json({"status": "ready"})


def _json(content: dict[str, str]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem(error.status, error.detail, request.state.request_id, headers=error.headers)


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail, request.state.request_id, headers=error.headers)


async def _stemma_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, StemmaError)
    access.noted(request.scope).failed(error)
    return from_error(error, request.state.request_id)


async def _gone(_: Request, __: Exception) -> Response:
    # Nobody reads this; the access line shows the status that proxies use for a caller that went away.
    return Response(status_code=499)


FAILURES = {
    ProblemError: _problem,
    HTTPException: _http_problem,
    StemmaError: _stemma_problem,
    ClientDisconnect: _gone,
}
"""What is answered where an operation fails."""
