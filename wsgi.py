"""The WSGI entry: gunicorn loads `wsgi:app` in each worker, after the fork."""

import os

from settings import read_settings
from wiring import build_app, build_services

app = build_app(build_services(read_settings(os.environ)))
