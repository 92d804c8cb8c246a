"""`sigill sign-application`: sign an application to a guarantor with the organisation's seal certificate.

The key may be in a file, or in a device or service of which only the signature comes back.
"""

import argparse
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sigill.application.algorithms import SealPrivateKey, algorithm_of, check_signature, join_ecdsa, sign
from sigill.application.signed import MAX_CERTIFICATES, format_application, make_signing_input
from sigill.application.statement import MAX_STATEMENT_BYTES, ApplicationStatement, format_statement, parse_statement
from sigill.cli.arguments import Subparsers, add_command
from sigill.cli.exits import Exit, Stop
from sigill.cli.files import check_one_stdin, read_bytes, write_file
from sigill.cli.show import harmless, say, tell
from sigill.errors import MalformedEncoding, MalformedKey, SignatureInvalid

_MAX_PEM_BYTES: Final = 128 * 1024
_MAX_KEY_BYTES: Final = 32 * 1024
_DER_SEQUENCE: Final = b"\x30"
_EXAMPLES: Final = """\
  sigill sign-application statement.json --certificate seal.pem --key seal.key --out application.jws

with a key that stays in a device or service:
  sigill sign-application statement.json --certificate seal.pem --to-sign application.tbs
  openssl dgst -sha256 -sign seal.key -out application.sig application.tbs
  sigill sign-application statement.json --certificate seal.pem --signature application.sig --out application.jws"""


def add_parser(subparsers: Subparsers) -> None:
    """Add `sign-application`."""
    parser = add_command(
        subparsers,
        "sign-application",
        run,
        text="sign an application to a guarantor with your organisation's seal certificate",
        examples=_EXAMPLES,
    )
    parser.add_argument("statement", metavar="FILE", help="the statement, as the guarantor gave it")
    parser.add_argument(
        "--certificate", metavar="FILE", required=True, help="PEM: your seal certificate and those that issued it"
    )
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--key", metavar="FILE", help="its private key, PEM")
    way.add_argument("--to-sign", metavar="FILE", type=Path, help="write what a device or service is to sign")
    way.add_argument("--signature", metavar="FILE", help="the signature that a device or service made")
    parser.add_argument("--key-password-file", metavar="FILE", help="a file with the password of the private key")
    parser.add_argument("--out", metavar="FILE", type=Path, help="default: standard output")


def run(arguments: argparse.Namespace) -> int:
    """Sign, or write what is to be signed."""
    check_one_stdin(arguments.statement, arguments.certificate, arguments.key, arguments.signature)
    statement = _read_statement(arguments.statement)
    chain = _read_chain(arguments.certificate)
    leaf = chain[0].public_key()
    try:
        alg = algorithm_of(leaf)
    except MalformedKey as error:
        raise Stop(f"An application cannot be signed with this certificate: it has {error}.") from None
    ders = [each.public_bytes(serialization.Encoding.DER) for each in chain]
    to_sign = make_signing_input(format_statement(statement), alg=alg, chain=ders)
    tell(harmless(_in_words(statement)))
    if arguments.to_sign is not None:
        write_file(arguments.to_sign, to_sign.decode("ascii"))
        tell(f"Sign the bytes of {arguments.to_sign} as {alg}, then give the signature with --signature.")
        return Exit.GENUINE
    signature = _signature(arguments, leaf, to_sign)
    try:
        check_signature(leaf, alg=alg, signature=signature, message=to_sign)
    except SignatureInvalid:
        raise Stop("The key or signature does not belong to the certificate and this statement.") from None
    application = format_application(to_sign, signature)
    if arguments.out is None:
        say(application)
    else:
        write_file(arguments.out, f"{application}\n")
        tell(f"The signed application is in {arguments.out}.")
    return Exit.GENUINE


def _signature(arguments: argparse.Namespace, leaf: object, to_sign: bytes) -> bytes:
    if arguments.key is not None:
        return sign(_read_key(arguments.key, arguments.key_password_file), to_sign)
    signature = read_bytes(arguments.signature, max_bytes=_MAX_KEY_BYTES)
    if not isinstance(leaf, ec.EllipticCurvePublicKey) or not signature.startswith(_DER_SEQUENCE):
        return signature
    try:
        return join_ecdsa(signature, leaf)
    except SignatureInvalid:
        return signature  # r‖s already, that happens to begin like DER


def _read_statement(name: str) -> ApplicationStatement:
    data = read_bytes(name, max_bytes=MAX_STATEMENT_BYTES).removesuffix(b"\n").removesuffix(b"\r")
    try:
        return parse_statement(data)
    except MalformedEncoding as error:
        raise Stop(f"The statement cannot be signed: {error}. Take it as the guarantor gave it.") from None


def _read_chain(name: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM file, the one that is no authority's first."""
    data = read_bytes(name, max_bytes=_MAX_PEM_BYTES)
    try:
        certificates = x509.load_pem_x509_certificates(data)
        ends = [each for each in certificates if not _is_authority(each)]
        for each in certificates:
            each.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion):
        raise Stop("The certificates cannot be read. Give them as PEM, your own and those that issued it.") from None
    if len(ends) != 1 or len(certificates) > MAX_CERTIFICATES:
        raise Stop(f"Give one certificate of your own and those that issued it, at most {MAX_CERTIFICATES}.")
    return [ends[0], *(each for each in certificates if each is not ends[0])]


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _read_key(name: str, password_file: str | None) -> SealPrivateKey:
    password = None if password_file is None else read_bytes(password_file, max_bytes=1024).rstrip(b"\r\n")
    try:
        key = serialization.load_pem_private_key(read_bytes(name, max_bytes=_MAX_KEY_BYTES), password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Stop("The private key cannot be read. Give PEM; if it has a password, --key-password-file.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise Stop("The private key is of a kind that signs no application.")
    try:
        algorithm_of(key.public_key())
    except MalformedKey as error:
        raise Stop(f"The private key cannot be used: {error}.") from None
    return key


def _in_words(statement: ApplicationStatement) -> str:
    return (
        f"{statement.name} ({statement.identifier}) applies to {statement.guarantor} as {statement.operator},"
        f" for {', '.join(statement.domains) or 'no domain'}."
    )
