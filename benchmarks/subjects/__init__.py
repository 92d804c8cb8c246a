"""What Sigill is compared with over HTTP: WSGI applications that gunicorn loads."""
