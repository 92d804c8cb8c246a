"""Limits over the API and the pages: who is counted, what is told, and that nobody who means well is shut out."""

from pathlib import Path
from typing import Any

import http_sf
import pytest
from flask.testing import FlaskClient

from api.limits import quota_of_route
from registry.model import Role
from tests.builders_deployment import TEXT, Deployment, deploy, operator

WRONG_KEY = {"Authorization": "Bearer sigill_aaaaaaaa_" + "A" * 43}
WRONG_CODE = {"code": "0123-4567-89AB"}
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.1"}


def limited(folder: Path, limits: str, **more: str) -> Deployment:
    return deploy(folder, more={"SIGILL_LIMITS": limits, **more})


def message(**changes: Any) -> dict[str, Any]:
    return {"authorship": "human", "channel": "chat", "enquiry": "informational", "text": TEXT} | changes


def check(client: FlaskClient, *, address: str = "203.0.113.7", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(
        "/v1/verifications", json={"text": TEXT}, headers=named, environ_overrides={"REMOTE_ADDR": address}
    )


def told(response: Any) -> dict[str, tuple[int, int, int]]:
    """Return quota, rest and seconds by policy, as somebody else's parser reads the header fields."""
    parse: Any = http_sf.parse
    policy: dict[str, Any] = dict(parse(response.headers["RateLimit-Policy"].encode(), tltype="list"))
    limit: dict[str, Any] = dict(parse(response.headers["RateLimit"].encode(), tltype="list"))
    assert list(policy) == list(limit)
    return {name: (policy[name]["q"], limit[name]["r"], limit[name]["t"]) for name in policy}


def test_a_credential_has_its_own_quota_and_learns_what_is_left(tmp_path: Path) -> None:
    made = limited(tmp_path, "sign=3/60")
    made.add(operator("annanbank"))
    rest = []
    for _ in range(3):
        response = made.sign()
        assert response.status_code == 201
        quota, left, seconds = told(response)["sign"]
        assert (quota, 1 <= seconds <= 60) == (3, True)
        rest.append(left)
    assert rest == [2, 1, 0]
    refused = made.sign()
    assert refused.status_code == 429
    assert refused.content_type == "application/problem+json"
    body = refused.get_json()
    assert body["type"].endswith("/problems/limit-reached")
    assert body["violated-policies"] == ["sign"]
    assert int(refused.headers["Retry-After"]) == told(refused)["sign"][2]
    assert made.sign(by="annanbank").status_code == 201


def test_each_message_of_a_batch_counts_and_one_that_does_not_fit_takes_nothing_but_its_call(tmp_path: Path) -> None:
    made = limited(tmp_path, "sign=10/60")
    key = {"Authorization": f"Bearer {made.keys['exempelbanken']}"}

    def batch(count: int) -> Any:
        return made.client.post("/v1/messages/batch", json={"messages": [message()] * count}, headers=key)

    fits = batch(6)
    assert told(fits)["sign"][1] == 4
    assert len(fits.get_json()["results"]) == 6
    too_many = batch(5)
    assert (too_many.status_code, told(too_many)["sign"][1]) == (429, 3)
    assert told(batch(3))["sign"][1] == 0


def test_reading_deciding_and_signing_are_counted_apart(tmp_path: Path) -> None:
    made = limited(tmp_path, "sign=1/60 decide=1/60 read=1/60")
    key = {"Authorization": f"Bearer {made.keys['exempelbanken']}"}
    sealed = made.sign().get_json()["id"]
    asked = made.client.post("/v1/decisions", json=message(text=None) | {"language": "sv"}, headers=key)
    assert set(told(asked)) == {"decide"}
    assert told(made.client.get(f"/v1/messages/{sealed}", headers=key))["read"][:2] == (1, 0)
    assert made.client.get(f"/v1/messages/{sealed}/proof", headers=key).status_code == 429


def test_what_is_open_to_anyone_is_counted_by_address(tmp_path: Path) -> None:
    made = limited(tmp_path, "verify=2/60")
    assert [check(made.client).status_code for _ in range(3)] == [200, 200, 429]
    assert check(made.client, address="203.0.113.8").status_code == 200
    assert check(made.client).headers["Access-Control-Expose-Headers"] == "Retry-After, RateLimit, RateLimit-Policy"


def test_the_page_and_the_api_share_a_quota_and_the_page_says_so_in_words(tmp_path: Path) -> None:
    made = limited(tmp_path, "verify=2/60")
    here = {"REMOTE_ADDR": "203.0.113.7"}
    assert check(made.client).status_code == 200
    assert made.client.post("/check", data={"message": TEXT}, environ_overrides=here).status_code == 200
    page = made.client.post("/check", data={"message": TEXT, "lang": "sv"}, environ_overrides=here)
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) >= 1
    assert "För många frågor kom härifrån" in page.get_data(as_text=True)
    assert made.client.get("/", environ_overrides=here).status_code == 200


def test_an_ipv6_connection_is_counted_as_one_and_its_site_more_generously(tmp_path: Path) -> None:
    made = limited(tmp_path, "verify=2/60")
    assert check(made.client, address="2001:db8:0:1::1").status_code == 200
    second = check(made.client, address="2001:db8:0:1:ffff::2")
    assert told(second)["verify"][:2] == (2, 0)
    assert told(second)["verify-network"][:2] == (16, 14)
    assert check(made.client, address="2001:db8:0:1::3").status_code == 429
    statuses = [check(made.client, address=f"2001:db8:0:{number:x}::1").status_code for number in range(2, 18)]
    assert statuses == [200] * 14 + [429] * 2
    assert check(made.client, address="2001:db8:1::1").status_code == 200


def test_a_forwarded_address_counts_only_where_a_proxy_is_trusted(tmp_path: Path) -> None:
    made = limited(tmp_path / "none", "verify=2/60")
    spoofed = [check(made.client, X_Forwarded_For=f"198.51.100.{number}").status_code for number in range(3)]
    assert spoofed == [200, 200, 429]
    behind = limited(tmp_path / "one", "verify=2/60", SIGILL_TRUSTED_PROXIES="1")
    for number in range(3):  # what the client wrote stands left of what the proxy appended
        last = check(behind.client, address="10.0.0.1", X_Forwarded_For=f"198.51.100.{number}, 203.0.113.9")
    assert last.status_code == 429
    assert check(behind.client, address="10.0.0.1", X_Forwarded_For="203.0.113.10").status_code == 200
    assert check(behind.client, address="10.0.0.1", Forwarded="for=203.0.113.9").status_code == 200


def test_behind_a_proxy_that_nobody_told_us_of_customers_are_not_counted_together(tmp_path: Path) -> None:
    made = limited(tmp_path, "verify=2/60")
    statuses = {check(made.client, address="10.0.0.1", X_Forwarded_For="203.0.113.9").status_code for _ in range(5)}
    assert statuses == {200}


def test_calls_without_a_good_key_are_counted_by_address(tmp_path: Path) -> None:
    made = limited(tmp_path, "refused=2/60")
    assert [made.client.post("/v1/messages").status_code for _ in range(3)] == [401, 401, 429]
    assert made.sign().status_code == 201


def test_who_tries_wrong_keys_is_slowed_and_a_good_key_from_there_still_works(tmp_path: Path) -> None:
    made = limited(tmp_path, "")
    statuses = [made.client.post("/v1/messages", headers=WRONG_KEY).status_code for _ in range(15)]
    assert statuses == [401] * 11 + [429] * 4
    slowed = made.client.post("/v1/messages", headers=WRONG_KEY)
    assert slowed.get_json()["type"].endswith("/problems/too-many-wrong")
    assert int(slowed.headers["Retry-After"]) >= 1
    assert made.sign().status_code == 201
    elsewhere = made.client.post("/v1/messages", headers=WRONG_KEY, environ_overrides=ELSEWHERE)
    assert elsewhere.status_code == 401


def test_a_key_that_ran_out_is_no_guess(tmp_path: Path) -> None:
    made = limited(tmp_path, "")
    from tests.builders_deployment import NOW

    old = made.new_key(role=Role.SIGNER, operator_id=operator().id, expires_at=NOW)
    headers = {"Authorization": f"Bearer {old}"}
    assert {made.client.post("/v1/messages", headers=headers).status_code for _ in range(20)} == {401}


def test_who_tries_many_codes_waits_longer_and_longer_but_whole_seals_are_always_checked(tmp_path: Path) -> None:
    made = limited(tmp_path, "")
    sealed = made.sign().get_json()
    statuses = [made.client.post("/v1/verifications", json=WRONG_CODE).status_code for _ in range(25)]
    assert statuses == [200] * 21 + [429] * 4
    page = made.client.get("/s/0123456789AB")
    assert (page.status_code, int(page.headers["Retry-After"]) >= 1) == (429, True)
    right = made.client.post("/v1/verifications", json={"code": sealed["code"], "content": TEXT})
    assert right.status_code == 429
    assert made.verify(seal=sealed["seal"], content=TEXT)["answer"] == "genuine"
    assert made.verify(text=TEXT)["answer"] == "cannot_say"
    elsewhere = made.client.post("/v1/verifications", json=WRONG_CODE, environ_overrides=ELSEWHERE)
    assert elsewhere.status_code == 200


def test_a_text_with_three_codes_is_three_guesses(tmp_path: Path) -> None:
    made = limited(tmp_path, "")
    text = TEXT + "".join(f"\nSigill 0000-0000-000{number}" for number in (1, 2, 3))
    statuses = [made.client.post("/v1/verifications", json={"text": text}).status_code for _ in range(8)]
    assert statuses == [200] * 7 + [429]


def test_a_customer_who_mistypes_three_times_gets_her_answer(tmp_path: Path) -> None:
    made = limited(tmp_path, "")
    code = made.sign().get_json()["code"]
    for _ in range(3):
        assert made.verify(**WRONG_CODE)["reason"] == "code_unknown"
    assert made.verify(code=code, content=TEXT)["answer"] == "genuine"


def test_what_may_be_kept_for_others_tells_nobodys_standing(tmp_path: Path) -> None:
    made = limited(tmp_path, "")
    assert "RateLimit" not in made.client.get("/.well-known/jwks.json").headers
    assert "RateLimit" in made.client.get("/registry/operators").headers


def test_health_and_metrics_are_never_limited_and_switched_off_nothing_is(tmp_path: Path) -> None:
    made = limited(tmp_path / "on", "open=1/60")
    assert {made.client.get("/healthz").status_code for _ in range(5)} == {200}
    assert [made.client.get("/nothing").status_code for _ in range(2)] == [404, 429]
    off = limited(tmp_path / "off", "off")
    assert "RateLimit" not in off.sign().headers
    assert not (off.services.settings.var / "limits.table").exists()


def test_every_route_is_counted_by_address_or_by_credential_or_named_here_as_free(shared: Deployment) -> None:
    rules = {rule.rule for rule in shared.app.url_map.iter_rules()}
    free = {rule for rule in rules if quota_of_route(rule) is None and not rule.startswith("/v1/")}
    assert free == {"/healthz", "/readyz", "/metrics", "/static/<string:name>"}
    assert {rule for rule in rules if quota_of_route(rule) == "verify"} == {
        "/v1/verifications",
        "/check",
        "/s/<string:code>",
    }


def test_what_was_refused_is_in_the_metrics_and_no_address_is_in_the_logs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = limited(tmp_path, "verify=1/60")
    for _ in range(3):
        check(made.client)
    assert b'sigill_limited_total{limit="verify"} 2.0' in made.services.metrics.text()
    assert "203.0.113" not in caplog.text
