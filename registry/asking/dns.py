"""Questions to name servers: several resolvers that were named, each asked by itself, in bounded time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from registry.asking.look_up import LookUp
from registry.asking.txt import TxtAnswer, TxtOutcome

DEFAULT_TIME_S: Final = 5.0
_UDP_BYTES: Final = 1232
_UNREADABLE: Final = (dns.exception.DNSException, OSError, EOFError, ValueError, AssertionError, NotImplementedError)


@dataclass(frozen=True, slots=True)
class NameServer:
    """One resolver that is asked: its address, as text, and port."""

    address: str
    port: int = 53

    @property
    def name(self) -> str:
        """How it is called in reports: `9.9.9.9`, or with its port where that is another than 53."""
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return shown if self.port == 53 else f"{shown}:{self.port}"  # noqa: PLR2004 - the port of RFC 1035


def ask_txt(name: str, servers: Sequence[NameServer], *, time_s: float = DEFAULT_TIME_S) -> tuple[TxtAnswer, ...]:
    """Ask each of `servers` at once for the TXT records of `name`, in absolute form; one answer each, in their order.

    Each has `time_s`; what was cut off over UDP is asked again over TCP. Aliases are followed by the resolvers alone.
    """
    with ThreadPoolExecutor(max_workers=len(servers), thread_name_prefix="dns") as pool:
        return tuple(pool.map(lambda server: _ask_one(name, server, time_s=time_s), servers))


def look_up_by(servers: Sequence[NameServer]) -> LookUp:
    """Return a look-up of addresses by `servers` instead of by the system, for a GuardedFetch.

    They are asked in turn until one answers; what they know of one's own network is checked like anything else.
    """
    asked = [dns.nameserver.Do53Nameserver(server.address, server.port) for server in servers]

    def look_up(host: str, within_s: float) -> Sequence[str]:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = asked
        try:
            found = resolver.resolve_name(dns.name.from_text(f"{host}."), lifetime=within_s, search=False)
        except dns.exception.Timeout as error:
            raise TimeoutError("the resolvers did not answer in time") from error
        except _UNREADABLE as error:
            raise OSError("the resolvers know no address") from error
        return tuple(found.addresses())

    return look_up


def _ask_one(name: str, server: NameServer, *, time_s: float) -> TxtAnswer:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [server.address]
    resolver.port = server.port
    resolver.use_edns(0, 0, _UDP_BYTES)
    resolver.flags = dns.flags.RD | dns.flags.AD  # AD asks to be told whether DNSSEC was checked, RFC 6840 section 5.7
    try:
        answer = resolver.resolve(
            dns.name.from_text(name), "TXT", lifetime=time_s, search=False, raise_on_no_answer=False
        )
    except dns.resolver.NXDOMAIN as error:
        return _tell(server, TxtOutcome.NO_SUCH_NAME, next(iter(error.kwargs["responses"].values())))
    except dns.exception.Timeout:
        return TxtAnswer(resolver=server.name, outcome=TxtOutcome.TIMEOUT)
    except dns.resolver.NoNameservers as error:
        refused = any(isinstance(failure[3], str) for failure in error.kwargs["errors"])  # an answer's code, as text
        return TxtAnswer(resolver=server.name, outcome=TxtOutcome.REFUSED if refused else TxtOutcome.BROKEN)
    except _UNREADABLE:
        return TxtAnswer(resolver=server.name, outcome=TxtOutcome.BROKEN)
    records = tuple(b"".join(record.strings) for record in answer if isinstance(record, TXT))
    return _tell(server, TxtOutcome.RECORDS if records else TxtOutcome.NO_RECORDS, answer.response, records=records)


def _tell(
    server: NameServer, outcome: TxtOutcome, said: dns.message.Message, *, records: tuple[bytes, ...] = ()
) -> TxtAnswer:
    return TxtAnswer(
        resolver=server.name,
        outcome=outcome,
        records=records,
        authenticated=bool(said.flags & dns.flags.AD),
        message=said.wire or b"",
    )
