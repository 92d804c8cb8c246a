"""Certificate authorities made by the real `openssl` command: certificates, revocation lists, OCSP answers.

    root = Authority.root(folder / "root")
    issuing = root.authority("issuing", extra={"basicConstraints": "critical,CA:TRUE,pathlen:0"})
    seal = issuing.issue("seal", subject="/C=SE/O=Exempelbanken AB/2.5.4.97=NTRSE-5560160680/CN=Seal")
    issuing.revoke(seal)
    issuing.crl()

Everything is for invented organisations.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OPENSSL: Final = shutil.which("openssl") or "openssl"
SUBJECT: Final = "/C=SE/O=Exempelbanken AB/2.5.4.97=NTRSE-556016-0680/CN=Exempelbanken seal"
P256: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
KEYS: Final = {
    "p256": P256,
    "p384": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "p521": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"),
    "rsa2048": ("-newkey", "rsa:2048"),
    "rsa1024": ("-newkey", "rsa:1024"),
    "ed25519": ("-newkey", "ed25519"),
}
AUTHORITY: Final = {
    "basicConstraints": "critical,CA:TRUE",
    "keyUsage": "critical,keyCertSign,cRLSign",
    "subjectKeyIdentifier": "hash",
    "authorityKeyIdentifier": "keyid",
}
SEAL: Final = {
    "basicConstraints": "critical,CA:FALSE",
    "keyUsage": "critical,nonRepudiation",
    "subjectKeyIdentifier": "hash",
    "authorityKeyIdentifier": "keyid",
}
QC: Final = "1.3.6.1.5.5.7.1.3"
QUALIFIED: Final = {QC: "ASN1:SEQUENCE:qc"}
_SECTIONS: Final = """
[qc]
a=SEQUENCE:qc_compliance
b=SEQUENCE:qc_device
c=SEQUENCE:qc_seal
[qc_web]
a=SEQUENCE:qc_compliance
c=SEQUENCE:qc_site
[qc_person]
a=SEQUENCE:qc_compliance
c=SEQUENCE:qc_sign
[qc_elsewhere]
a=SEQUENCE:qc_compliance
c=SEQUENCE:qc_seal
d=SEQUENCE:qc_legislation
[qc_bank]
a=SEQUENCE:qc_compliance
c=SEQUENCE:qc_seal
d=SEQUENCE:qc_psd2
[qc_nothing]
c=SEQUENCE:qc_seal
[qc_compliance]
id=OID:0.4.0.1862.1.1
[qc_device]
id=OID:0.4.0.1862.1.4
[qc_seal]
id=OID:0.4.0.1862.1.6
types=SEQUENCE:type_seal
[type_seal]
a=OID:0.4.0.1862.1.6.2
[qc_site]
id=OID:0.4.0.1862.1.6
types=SEQUENCE:type_site
[type_site]
a=OID:0.4.0.1862.1.6.3
[qc_sign]
id=OID:0.4.0.1862.1.6
types=SEQUENCE:type_sign
[type_sign]
a=OID:0.4.0.1862.1.6.1
[qc_legislation]
id=OID:0.4.0.1862.1.7
countries=SEQUENCE:countries
[countries]
a=PRINTABLESTRING:CH
[qc_psd2]
id=OID:0.4.0.19495.2
type=SEQUENCE:psd2
[psd2]
roles=SEQUENCE:roles
name=UTF8:Finansinspektionen
id=UTF8:FINA
[roles]
a=SEQUENCE:role_ai
b=SEQUENCE:role_pi
[role_ai]
id=OID:0.4.0.19495.1.3
name=UTF8:PSP_AI
[role_pi]
id=OID:0.4.0.19495.1.2
name=UTF8:PSP_PI
[only_norway]
permitted;dirName.0=norway
[norway]
C=NO
[only_sweden]
permitted;dirName.0=sweden
[sweden]
C=SE
"""
_CONFIG: Final = """
[ca]
default_ca=it
[it]
database={folder}/index.txt
new_certs_dir={folder}
certificate={folder}/certificate.pem
private_key={folder}/key.pem
rand_serial=yes
default_md=sha256
default_days=300
default_crl_days=7
crlnumber={folder}/crlnumber
unique_subject=no
policy=any
string_mask=utf8only
[any]
commonName=optional
[req]
distinguished_name=none
string_mask=utf8only
[none]
"""


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path

    @property
    def pem(self) -> bytes:
        return self.certificate.read_bytes()


@dataclass(frozen=True)
class Authority:
    """One authority with its database, in a folder of its own."""

    folder: Path

    @classmethod
    def root(cls, folder: Path, *, name: str = "Root", key: str = "p256", days: int = 3650) -> "Authority":
        """Make a self-signed authority."""
        made = cls(folder)
        made._prepare()
        made._extensions("root", AUTHORITY | {"authorityKeyIdentifier": "none"})
        openssl(
            "req", "-x509", *KEYS[key], "-nodes", "-keyout", made.key, "-out", made.certificate, "-days", str(days),
            "-subj", f"/C=SE/O=Example Trust AB/CN={name}", "-config", folder / "root.cnf", "-extensions", "made",
        )  # fmt: skip
        return made

    @property
    def certificate(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def pem(self) -> bytes:
        return self.certificate.read_bytes()

    def authority(self, name: str, **options: object) -> "Authority":
        """Make an authority below this one; `options` as those of `issue`."""
        below = Authority(self.folder.parent / name)
        below._prepare()
        extra = options.pop("extra", {})
        assert isinstance(extra, Mapping)
        subject = options.pop("subject", f"/C=SE/O=Example Trust AB/CN={name}")
        issued = self.issue(f"{name}-as-authority", subject=str(subject), base=AUTHORITY, extra=extra, **options)  # type: ignore[arg-type]
        below.certificate.write_bytes(issued.pem)
        below.key.write_bytes(issued.key.read_bytes())
        return below

    def issue(  # noqa: PLR0913 - a builder
        self,
        name: str,
        *,
        subject: str = SUBJECT,
        base: Mapping[str, str] = SEAL,
        extra: Mapping[str, str] = QUALIFIED,
        key: str = "p256",
        digest: str = "sha256",
        begin: str | None = None,
        end: str | None = None,
        existing_key: Path | None = None,
    ) -> Issued:
        """Make a certificate with the extensions `base`, changed by `extra` (an empty text takes one out).

        `begin` and `end` as `openssl ca` has them: YYYYMMDDHHMMSSZ.
        """
        made = Issued(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        config = self._extensions(name, {**base, **extra})
        common = ("-subj", subject, "-utf8", "-config", config, "-out", request)
        if existing_key is not None:
            made.key.write_bytes(existing_key.read_bytes())
            openssl("req", "-new", "-key", made.key, *common)
        else:
            openssl("req", "-new", *KEYS[key], "-nodes", "-keyout", made.key, *common)
        times = [*(("-startdate", begin) if begin else ()), *(("-enddate", end) if end else ())]
        openssl(
            "ca", "-batch", "-notext", "-preserveDN", "-config", config, "-extensions", "made", "-md", digest,
            "-in", request, "-out", made.certificate, *times,
        )  # fmt: skip
        return made

    def revoke(self, issued: "Issued | Authority", *, reason: str = "keyCompromise") -> None:
        """Note a certificate of this authority as revoked."""
        openssl("ca", "-config", self.folder / "ca.cnf", "-revoke", issued.certificate, "-crl_reason", reason)

    def crl(self, *, options: Sequence[str] = ()) -> bytes:
        """Return a revocation list as of now, DER."""
        pem, der = self.folder / "crl.pem", self.folder / "crl.der"
        openssl("ca", "-config", self.folder / "ca.cnf", "-gencrl", *options, "-out", pem)
        openssl("crl", "-in", pem, "-outform", "DER", "-out", der)
        return der.read_bytes()

    def answer(self, request: bytes, signer: "Issued | Authority", *, options: Sequence[str] = ()) -> bytes:
        """Let `openssl ocsp` answer a question about this authority's certificates, signing as `signer`.

        Its own server (`-port`) would listen on every address of the machine; one on loopback hands it each request.
        """
        asked, answered = self.folder / "asked.der", self.folder / "answered.der"
        asked.write_bytes(request)
        openssl(
            "ocsp", "-index", self.folder / "index.txt", "-CA", self.certificate, "-rsigner", signer.certificate,
            "-rkey", signer.key, "-reqin", asked, "-respout", answered, *options,
        )  # fmt: skip
        return answered.read_bytes()

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "index.txt").touch()
        (self.folder / "crlnumber").write_text("01\n")
        (self.folder / "ca.cnf").write_text(_CONFIG.format(folder=self.folder))

    def _extensions(self, name: str, extensions: Mapping[str, str]) -> Path:
        lines = [f"{key}={value}" for key, value in extensions.items() if value]
        path = self.folder / f"{name}.cnf"
        path.write_text(_CONFIG.format(folder=self.folder) + _SECTIONS + "\n[made]\n" + "\n".join(lines) + "\n")
        return path


def openssl(*arguments: object, data: bytes | None = None) -> bytes:
    """Run the command; return what it wrote. Fails the test with what it complained of."""
    ran = subprocess.run([OPENSSL, *map(str, arguments)], input=data, capture_output=True, check=False, timeout=60)
    assert ran.returncode == 0, f"openssl {' '.join(map(str, arguments))}\n{ran.stderr.decode(errors='replace')}"
    return ran.stdout


def openssl_accepts(leaf: Path, *, anchors: Path, others: Sequence[Path] = (), options: Sequence[str] = ()) -> bool:
    """Ask `openssl verify` for its opinion on a chain."""
    untrusted = [part for path in others for part in ("-untrusted", str(path))]
    command = [OPENSSL, "verify", "-x509_strict", "-CAfile", str(anchors), *untrusted, *options, str(leaf)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
