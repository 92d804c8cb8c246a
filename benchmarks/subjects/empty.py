"""An endpoint that does nothing: what the server, HTTP and Flask cost before any work."""

from flask import Flask, jsonify
from flask.wrappers import Response

app = Flask(__name__)


@app.post("/messages")
def nothing() -> tuple[Response, int]:
    """Answer with a tiny JSON; the body is left unread by the application."""
    return jsonify({"id": "nothing"}), 201
