# One image for every role. Keys, passwords and data are never in it: they are mounted or in the data volume.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv --without-pip /opt/sigill
COPY requirements/server.txt requirements/build.txt requirements/
RUN pip --python /opt/sigill/bin/python install --require-hashes -r requirements/server.txt \
    && pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY sigill sigill
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && pip --python /opt/sigill/bin/python install --no-deps /wheel/*.whl

FROM python:3.13-slim
RUN groupadd --system --gid 10001 sigill \
    && useradd --system --uid 10001 --gid sigill --home-dir /data --no-create-home --shell /usr/sbin/nologin sigill \
    && install --directory --owner sigill --group sigill --mode 0700 /data
COPY --from=build /opt/sigill /opt/sigill
WORKDIR /app
COPY . .
ENV PATH=/opt/sigill/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PORT=8000 \
    SIGILL_BIND=0.0.0.0:8000 \
    VAR=/data
USER 10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "-m", "running"]
