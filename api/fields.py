"""Schema fields that accept exactly what JSON says: no "12" for 12, no 1 for true, no unknown word."""

from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar

from marshmallow import Schema, ValidationError, fields

from sigill.encoding.base64url import parse_base64url
from sigill.errors import MalformedEncoding

Words = TypeVar("Words", bound=StrEnum)
_HASH_BYTES = 32
_QUOTED = 40


class Fault(str):
    """A message about one field that also lists the values that would be right."""

    __slots__ = ("allowed",)
    allowed: tuple[str, ...]

    def __new__(cls, message: str, allowed: tuple[str, ...]) -> Self:
        """Make the message with its allowed values."""
        fault = super().__new__(cls, message)
        fault.allowed = allowed
        return fault


class StrictSchema(Schema):
    """A shape that comes from outside: a field it does not have is answered with the nearest one it has."""

    error_messages = {"unknown": "there is no such field", "type": "a JSON object is needed"}  # noqa: RUF012 - marshmallow's

    def handle_error(self, error: ValidationError, data: Any, **_kwargs: Any) -> None:  # noqa: ANN401, ARG002
        """Put the nearest field's name beside each unknown one."""
        if not isinstance(error.messages, dict):
            return
        for name, faults in error.messages.items():
            if faults == [self.error_messages["unknown"]]:
                near = get_close_matches(str(name), self.fields, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                error.messages[name] = [Fault(f"there is no such field{meant}", tuple(self.fields))]


class Word(fields.String, Generic[Words]):
    """One word of a vocabulary, loaded as its enum member."""

    def __init__(self, words: type[Words], **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own options
        metadata = {"enum": [word.value for word in words], **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)
        self.words = words

    def make_error(self, key: str, **_kwargs: Any) -> ValidationError:  # noqa: ANN401 - marshmallow's own options
        """Say which words there are, whatever is wrong."""
        said = "a value is needed" if key == "required" else "one of the allowed words, as a string"
        return ValidationError([Fault(said, tuple(word.value for word in self.words))])

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return self.words(text)
        except ValueError:
            allowed = tuple(word.value for word in self.words)
            raise ValidationError([Fault(f"{text[:_QUOTED]!r} is not one of the allowed values", allowed)]) from None


class StrictBoolean(fields.Boolean):
    """`true` or `false`, nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class JsonInteger(fields.Integer):
    """A JSON Schema integer: 12 and 12.0; not "12", not true, not 12.5."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        whole = isinstance(value, float) and value.is_integer()
        if isinstance(value, bool) or not (isinstance(value, int) or whole):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Hash(fields.String):
    """32 bytes in base64url (43 characters), the one canonical spelling."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - marshmallow's own options
        metadata = {"pattern": "^[A-Za-z0-9_-]{43}$", **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            if len(parse_base64url(text)) == _HASH_BYTES:
                return text
        except MalformedEncoding:
            pass
        raise ValidationError("not a SHA-256 value: 32 bytes in base64url without padding, 43 characters")
