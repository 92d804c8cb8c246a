"""An S3-compatible store as a target, through boto3. Credentials come from AWS's usual environment or files.

What was written is read back by the publisher: a store may keep a checksum that it was only told.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from settings.publishing import Bucket
from transparency.publishing.plan import Headers
from transparency.publishing.target import MAX_OBJECT_BYTES, Stored, TargetUnavailable, TargetWrong

_ABSENT: Final = frozenset({"NoSuchKey", "404", "NotFound"})
_CHANGED: Final = frozenset({HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND})
_CONNECT_S: Final = 10
_READ_S: Final = 30
_ATTEMPTS: Final = 5
_SHOWN: Final = 200


class BucketTarget:
    """Objects of one bucket whose keys begin with one prefix. Any number of threads at once."""

    workers: Final = 8

    def __init__(self, place: Bucket) -> None:
        self._bucket = place.name
        self._prefix = f"{place.prefix}/" if place.prefix else ""
        options: dict[str, Any] = {
            "connect_timeout": _CONNECT_S,
            "read_timeout": _READ_S,
            "retries": {"mode": "standard", "max_attempts": _ATTEMPTS},
            # a checksum in the body's trailer, boto3's default, is more than many compatible stores understand
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
        if place.endpoint is not None:
            options["s3"] = {"addressing_style": "path"}  # a bucket's own host name is rarely set up elsewhere
        with _asking("the store"):
            self._client = boto3.client("s3", endpoint_url=place.endpoint, config=Config(**options))

    def __str__(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def get(self, name: str) -> Stored | None:
        """GET the object."""
        with _asking(name):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise
            with answer["Body"] as body:
                data = body.read(MAX_OBJECT_BYTES + 1)
        if len(data) > MAX_OBJECT_BYTES:
            raise TargetWrong(f"{name} is longer than anything that was published")
        return Stored(data, str(answer["ETag"]))

    def put(self, name: str, data: bytes, headers: Headers) -> None:
        """PUT the object, with its checksum, so that the store refuses what the network damaged."""
        with _asking(name):
            self._put(name, data, headers, {})

    def swap(self, name: str, data: bytes, headers: Headers, *, over: Stored | None) -> bool:
        """PUT on a condition; without one where the store knows none, which leaves a moment between look and write."""
        condition = {"IfNoneMatch": "*"} if over is None else {"IfMatch": over.version}
        with _asking(name):
            try:
                self._put(name, data, headers, condition)
            except ClientError as error:
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status in _CHANGED and _code(error) != "NoSuchBucket":
                    return False
                if status != HTTPStatus.NOT_IMPLEMENTED:
                    raise
                self._put(name, data, headers, {})
        return True

    def list(self, folder: str) -> Iterator[str]:
        """List page by page."""
        with _asking(folder or "the bucket"):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + folder):
                for item in page.get("Contents", ()):
                    yield str(item["Key"]).removeprefix(self._prefix)

    def delete(self, name: str) -> None:
        """DELETE the object."""
        with _asking(name):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def _put(self, name: str, data: bytes, headers: Headers, condition: Mapping[str, str]) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + name,
            Body=data,
            ContentType=headers.content_type,
            CacheControl=headers.cache_control,
            ChecksumSHA256=base64.b64encode(hashlib.sha256(data).digest()).decode("ascii"),
            **condition,
        )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _asking(what: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise TargetUnavailable(f"{what}: the store answered {_code(error)[:_SHOWN]}") from error
    except BotoCoreError as error:
        raise TargetUnavailable(f"{what}: {str(error)[:_SHOWN]}") from error
