"""`sigill sign-application`, with certificates and signatures of the real `openssl`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from sigill.application.algorithms import check_signature
from sigill.application.signed import parse_application
from sigill.application.statement import ApplicationStatement, format_statement
from sigill.cli.main import main
from tests.builders_seal_authority import Authority, Issued, openssl

pytestmark = [pytest.mark.servers, pytest.mark.slow]

STATEMENT = format_statement(
    ApplicationStatement(
        guarantor="https://guarantor.example",
        operator="exempelbanken",
        identifier="NTRSE-5560160680",
        name="Exempelbanken AB",
        domains=("exempelbanken.example",),
        keys=("a" * 43,),
        nonce="n" * 22,
        signed_at=datetime(2026, 11, 29, tzinfo=UTC),
    )
)
BY_OPENSSL = {
    "p256": ("dgst", "-sha256", "-sign"),
    "p384": ("dgst", "-sha384", "-sign"),
    "rsa2048": ("dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sign"),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.root(tmp_path_factory.mktemp("signers") / "root")


def command(folder: Path, root: Authority, seal: Issued, *more: str) -> int:
    (folder / "statement.json").write_bytes(STATEMENT)
    (folder / "seal.pem").write_bytes(root.pem + seal.pem)
    return main(["sign-application", str(folder / "statement.json"), "--certificate", str(folder / "seal.pem"), *more])


def check(folder: Path, seal: Issued) -> None:
    parsed = parse_application((folder / "application.jws").read_text().strip())
    leaf = x509.load_pem_x509_certificate(seal.pem)
    assert parsed.payload == STATEMENT
    assert x509.load_der_x509_certificate(parsed.chain[0]) == leaf
    assert len(parsed.chain) == len(("leaf", "root"))
    check_signature(leaf.public_key(), alg=parsed.alg, signature=parsed.signature, message=parsed.signing_input)


@pytest.mark.parametrize("key", ["p256", "p384", "rsa2048", "ed25519"])
def test_a_key_in_a_file_signs(tmp_path: Path, root: Authority, key: str) -> None:
    seal = root.issue(f"file-{key}", key=key)
    assert command(tmp_path, root, seal, "--key", str(seal.key), "--out", str(tmp_path / "application.jws")) == 0
    check(tmp_path, seal)


@pytest.mark.parametrize("key", ["p256", "p384", "rsa2048", "ed25519"])
def test_openssl_signs_with_a_key_that_the_command_never_sees(tmp_path: Path, root: Authority, key: str) -> None:
    seal = root.issue(f"apart-{key}", key=key)
    to_sign, signature = tmp_path / "application.tbs", tmp_path / "application.sig"
    assert command(tmp_path, root, seal, "--to-sign", str(to_sign)) == 0
    if key == "ed25519":
        openssl("pkeyutl", "-sign", "-rawin", "-inkey", seal.key, "-in", to_sign, "-out", signature)
    else:
        openssl(*BY_OPENSSL[key], seal.key, "-out", signature, to_sign)
    out = str(tmp_path / "application.jws")
    assert command(tmp_path, root, seal, "--signature", str(signature), "--out", out) == 0
    check(tmp_path, seal)


def test_a_key_of_another_certificate_is_noticed(
    tmp_path: Path, root: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    seal, other = root.issue("mine"), root.issue("other")
    assert command(tmp_path, root, seal, "--key", str(other.key)) == 2
    assert "does not belong" in capsys.readouterr().err


def test_a_statement_that_was_changed_by_an_editor_is_refused(
    tmp_path: Path, root: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    seal = root.issue("edited")
    (tmp_path / "seal.pem").write_bytes(seal.pem)
    (tmp_path / "s.json").write_bytes(STATEMENT.replace(b",", b",\n "))
    arguments = ["sign-application", str(tmp_path / "s.json"), "--certificate", str(tmp_path / "seal.pem")]
    assert main([*arguments, "--key", str(seal.key)]) == 2
    assert "as the guarantor gave it" in capsys.readouterr().err


def test_a_key_with_a_password_needs_it(tmp_path: Path, root: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    seal = root.issue("locked")
    locked, password = tmp_path / "locked.key", tmp_path / "password"
    password.write_text("correct horse\n")
    openssl("pkey", "-in", seal.key, "-aes256", "-passout", f"file:{password}", "-out", locked)
    assert command(tmp_path, root, seal, "--key", str(locked)) == 2
    assert "--key-password-file" in capsys.readouterr().err
    given = ("--key", str(locked), "--key-password-file", str(password))
    assert command(tmp_path, root, seal, *given, "--out", str(tmp_path / "application.jws")) == 0
    check(tmp_path, seal)


@pytest.mark.parametrize("content", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_refused(tmp_path: Path, root: Authority, content: bytes) -> None:
    seal = root.issue("unused")
    (tmp_path / "s.json").write_bytes(STATEMENT)
    (tmp_path / "c.pem").write_bytes(content)
    arguments = ["sign-application", str(tmp_path / "s.json"), "--certificate", str(tmp_path / "c.pem")]
    assert main([*arguments, "--key", str(seal.key)]) == 2
