"""Signing as a competent developer would write it in an afternoon: Flask, marshmallow, PyJWT, SQLite.

What one does without much thought is done well: the schema is built once, the key is loaded once, every thread keeps
its connection, WAL with synchronous=FULL, BEGIN IMMEDIATE, and no answer before the commit. What it lacks is what
Sigill is: no log, no proof, no policy, no conversation chain, no disclosures, no registry, no safe retry.

Its own environment: HANDWRITTEN_DB (a file) and HANDWRITTEN_API_KEY.
"""

import hashlib
import hmac
import os
import sqlite3
import threading
import time
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, abort, jsonify, request
from flask.wrappers import Response
from marshmallow import Schema, ValidationError, fields, validate

_AUTHORSHIPS = ("human", "ai_assisted", "ai")
_CHANNELS = ("chat", "email", "sms", "app", "voice")
_KEY = ec.generate_private_key(ec.SECP256R1())
_API_KEY = os.environ["HANDWRITTEN_API_KEY"]
_DATABASE = os.environ["HANDWRITTEN_DB"]
_own = threading.local()


class MessageSchema(Schema):
    """One message to sign."""

    authorship = fields.String(required=True, validate=validate.OneOf(_AUTHORSHIPS))
    channel = fields.String(required=True, validate=validate.OneOf(_CHANNELS))
    enquiry = fields.String(required=True, validate=validate.Length(1, 63))
    disclosure = fields.String(validate=validate.Length(1, 63))
    language = fields.String(validate=validate.Length(2, 8))
    text = fields.String(required=True, validate=validate.Length(1, 262_144))
    conversation = fields.String(validate=validate.Length(1, 128))
    recipient = fields.Email()


class BatchSchema(Schema):
    """Up to 1,000 messages."""

    messages = fields.List(fields.Nested(MessageSchema), required=True, validate=validate.Length(1, 1000))


_message = MessageSchema()
_batch = BatchSchema()
app = Flask(__name__)


@app.post("/messages")
def sign() -> tuple[Response, int]:
    """Sign one message; it is on disk before the answer."""
    _authenticate()
    return jsonify(_store(_token(_load(_message)))), 201


@app.post("/messages/batch")
def sign_batch() -> Response:
    """Sign many, each as `sign` does: a loop, and a commit per message."""
    _authenticate()
    return jsonify({"results": [_store(_token(message)) for message in _load(_batch)["messages"]]})


@app.post("/messages/batch-in-one-commit")
def sign_batch_in_one_commit() -> Response:
    """Sign many and commit once, all or nothing: the improvement that first comes to mind."""
    _authenticate()
    signed = [_token(message) for message in _load(_batch)["messages"]]
    connection = _connection()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO tokens VALUES (:id, :seal)", signed)
    connection.execute("COMMIT")
    return jsonify({"results": signed})


def _authenticate() -> None:
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {_API_KEY}".encode()):
        abort(401)


def _load(schema: Schema) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(request.get_json())
    except ValidationError as error:
        abort(422, str(error))
    return loaded


def _token(message: dict[str, Any]) -> dict[str, str]:
    jti = uuid.uuid4().hex
    claims = {
        "iss": "https://handwritten.example",
        "iat": int(time.time()),
        "jti": jti,
        "authorship": message["authorship"],
        "channel": message["channel"],
        "enquiry": message["enquiry"],
        "sha256": hashlib.sha256(message["text"].encode()).hexdigest(),
    }
    return {"id": jti, "seal": jwt.encode(claims, _KEY, algorithm="ES256")}


def _store(signed: dict[str, str]) -> dict[str, str]:
    connection = _connection()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO tokens VALUES (:id, :seal)", signed)
    connection.execute("COMMIT")
    return signed


def _connection() -> sqlite3.Connection:
    """Return this thread's connection."""
    if not hasattr(_own, "connection"):
        _own.connection = sqlite3.connect(_DATABASE, timeout=30, isolation_level=None)
        _own.connection.execute("PRAGMA journal_mode=WAL")
        _own.connection.execute("PRAGMA synchronous=FULL")
    connection: sqlite3.Connection = _own.connection
    return connection
