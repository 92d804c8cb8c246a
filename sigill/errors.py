"""Every error of the pure core, grouped by whose fault it is.

SigillError
├── Malformed                     what was brought is not well-formed; the sender of the bytes can mend it
│   ├── MalformedEncoding         base64url, JSON, ULID
│   ├── MalformedKey              a JWK, a JWKS, a verifier key
│   ├── MalformedSeal             an SD-JWT that is no seal
│   ├── MalformedCode             a code that is not 12 Crockford symbols
│   ├── MalformedNote             a C2SP signed note, checkpoint, proof or log policy, a leaf of the log
│   ├── MalformedStatusList       a status list token outside its form
│   ├── MalformedAddress          a recipient that is neither phone number, e-mail nor reference
│   ├── MalformedHtml             HTML that cannot be sealed (hidden text, too deep)
│   └── NotCanonicalisable        a text with hidden characters, lone surrogates or unassigned code points
├── ProofInvalid                  a Merkle proof that does not lead to the given root
├── SignatureInvalid              a signature that does not verify
└── PolicyInvalid                 a policy pack, case file or text that cannot be loaded

No status codes here: `api/problems.py` holds the one table from errors to problems.
"""


class SigillError(Exception):
    """The root: whatever the core raises on purpose."""


class Malformed(SigillError):
    """Not well-formed. `str()` says what and where, and never repeats more than 80 characters of the input."""


class MalformedEncoding(Malformed):
    """Base64url, JSON or a ULID in a spelling that is not the canonical one."""


class MalformedKey(Malformed):
    """A JWK, a JWKS or a verifier key that cannot be used."""


class MalformedSeal(Malformed):
    """An SD-JWT that is not a well-formed seal, or a JWS that is not a well-formed event."""


class MalformedCode(Malformed):
    """A code that is not 12 Crockford symbols."""


class MalformedNote(Malformed):
    """A signed note, checkpoint, tile, log proof, log policy or leaf outside its one form."""


class MalformedStatusList(Malformed):
    """A status list token, or the compressed list in it, that cannot be read."""


class MalformedAddress(Malformed):
    """A recipient that is neither an E.164 number, an e-mail address nor a reference."""


class MalformedHtml(Malformed):
    """HTML that cannot be sealed: hidden text, nesting too deep, not UTF-8."""


class NotCanonicalisable(Malformed):
    """A text without one agreed canonical form. The subclass in `sigill.text.nu1` carries the findings."""


class ProofInvalid(SigillError):
    """A Merkle proof does not lead to the given root."""


class SignatureInvalid(SigillError):
    """A signature does not verify under the given key."""


class PolicyInvalid(SigillError):
    """A pack, a case file or a text that cannot be loaded; says file, line and reason."""
