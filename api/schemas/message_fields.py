"""Fields of a message that may have two shapes: its recipient, and the release it is sealed with."""

import re
from typing import Any, Final

from marshmallow import ValidationError, fields

from sigill.presence.release_jws import MAX_JWS_CHARACTERS
from sigill.text.addresses import MAX_REFERENCE
from signing.request import Attestation

LONGEST_ADDRESS: Final = 320
_RELEASE_ID: Final = re.compile(r"re-[0-9a-hjkmnp-tv-z]{20}\Z")


class Recipient(fields.Field[Any]):
    """A phone number, an e-mail address, or `{"reference": "…"}`; never stored."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own options
        reference = {"type": "string", "minLength": 1, "maxLength": MAX_REFERENCE}
        shapes = [
            {"type": "string", "minLength": 1, "maxLength": LONGEST_ADDRESS},
            {
                "type": "object",
                "properties": {"reference": reference},
                "required": ["reference"],
                "additionalProperties": False,
            },
        ]
        super().__init__(**kwargs | {"metadata": {"anyOf": shapes, **kwargs.pop("metadata", {})}})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ANN401, ARG002
        plain = isinstance(value, str) and len(value) <= LONGEST_ADDRESS
        if not plain and not isinstance(value, dict):
            raise ValidationError('a phone number or e-mail address as a string, or {"reference": "…"}')
        return value


class AttestationField(fields.Field[Any]):
    """The id of a release, or `{"id", "jws"}` with an AI system's signature over its statement."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own options
        name = {"type": "string", "pattern": f"^{_RELEASE_ID.pattern[:-2]}$"}
        jws = {"type": "string", "minLength": 1, "maxLength": MAX_JWS_CHARACTERS}
        signed = {"type": "object", "properties": {"id": name, "jws": jws}, "required": ["id", "jws"]}
        shapes = [name, signed | {"additionalProperties": False}]
        super().__init__(**kwargs | {"metadata": {"anyOf": shapes, **kwargs.pop("metadata", {})}})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Attestation:  # noqa: ANN401, ARG002
        parts = {"id": value} if isinstance(value, str) else value
        if not isinstance(parts, dict) or not {"id"} <= parts.keys() <= {"id", "jws"}:
            raise ValidationError('the id of a release, or {"id": "…", "jws": "…"} with an AI system\'s signature')
        name, jws = parts["id"], parts.get("jws")
        if not isinstance(name, str) or not _RELEASE_ID.match(name):
            raise ValidationError("the id of a release: re- and 20 symbols")
        if (jws is None) != isinstance(value, str) or not (jws is None or isinstance(jws, str)):
            raise ValidationError("jws is the AI system's signature, a compact JWS")
        if jws is not None and not 0 < len(jws) <= MAX_JWS_CHARACTERS:
            raise ValidationError(f"jws has 1 to {MAX_JWS_CHARACTERS} characters")
        return Attestation(name, jws)
