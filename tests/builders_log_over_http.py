"""An auditor's reading of one log, over HTTP only: every entry, every tile, the checkpoint."""

from registry.model import OperatorId, Role
from sigill.report.trust import parse_trust
from sigill.tlog.checkpoint import verify_checkpoint
from sigill.tlog.note import parse_vkey
from sigill.tlog.tiles import TILE_WIDTH, Bundle, Tile, format_path, parse_bundle, tile_width
from sigill.tlog.tree import Frontier, grow, hash_leaf
from tests.builders_deployment import Deployment


def check_whole_log(made: Deployment, operator_id: str) -> list[bytes]:
    """Re-derive the log from its entries, compare tiles and the signed root; return the entries."""
    client = made.client
    key = made.new_key(role=Role.AUDITOR, operator_id=OperatorId(operator_id))
    log = parse_trust(client.get("/.well-known/sigill-trust.json").data).logs[operator_id]
    note = client.get(f"/log/{operator_id}/checkpoint").get_data(as_text=True)
    head = verify_checkpoint(note, origin=log.origin, keys=[parse_vkey(log.vkey)])
    entries: list[bytes] = []
    for index in range(-(-head.size // TILE_WIDTH)):
        width = tile_width(head.size, 0, index)
        path = format_path(Bundle(index, width))
        bundle = client.get(f"/log/{operator_id}/{path}", headers={"Authorization": f"Bearer {key}"}).data
        found = parse_bundle(bundle)
        assert len(found) == width
        hashes = client.get(f"/log/{operator_id}/{format_path(Tile(0, index, width))}").data
        assert hashes == b"".join(map(hash_leaf, found))
        entries += found
    frontier, _ = grow(Frontier(), map(hash_leaf, entries))
    assert frontier.size == head.size
    assert frontier.root() == head.root
    return entries
