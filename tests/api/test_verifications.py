"""Verifying over HTTP: every answer a customer can get, and nothing of what she brought kept."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from policies.tables import decisions
from registry.model import AiSystem
from sigill.encoding.base64url import format_base64url, parse_base64url
from sigill.keys.p256 import ORDER
from sigill.text.links import link_hash
from sigill.text.nu1 import canonicalise
from signing.keys.listing import KeyKind
from storage.engine import writing
from tests.builders_deployment import TEXT, Deployment, operator
from tests.builders_forgery import FORGER, Payload, change_claims, sign_again

PHONE = "+46701740605"


def verdict(made: Deployment, **body: Any) -> tuple[str, str]:
    answer = made.verify(**body)
    return answer["answer"], answer["reason"]


def check(answer: dict[str, Any], name: str) -> str:
    (outcome,) = [item["outcome"] for item in answer["checks"] if item["check"] == name]
    return str(outcome)


def h(text: str) -> str:
    return format_base64url(canonicalise(text).h)


@pytest.fixture(scope="module")
def sealed(shared: Deployment) -> dict[str, Any]:
    value: dict[str, Any] = shared.sign().get_json()
    return value


@pytest.fixture(scope="module")
def addressed(shared: Deployment) -> dict[str, Any]:
    value: dict[str, Any] = shared.sign(recipient=PHONE).get_json()
    return value


@pytest.mark.parametrize(
    "bring",
    [
        lambda sealed: {"code": sealed["code"], "content": TEXT},
        lambda sealed: {"code": sealed["code"].lower().replace("-", " "), "content": TEXT},
        lambda sealed: {"code": f"  {sealed['code']}\n", "content": TEXT},
        lambda sealed: {"link": sealed["link"], "content": TEXT},
        lambda sealed: {"seal": sealed["seal"], "content": TEXT},
        lambda sealed: {"seal": sealed["seal"].split("~")[0] + "~", "content": TEXT},
        lambda sealed: {"text": sealed["embedded_text"]},
        lambda sealed: {"text": f"{TEXT}\nSigill {sealed['code']}"},
        lambda sealed: {"text": f"{TEXT}\n{sealed['link']}"},
        lambda sealed: {"text": f"{TEXT}\n{sealed['seal']}"},
        lambda sealed: {"text": sealed["code"], "content": TEXT},
        lambda sealed: {"code": sealed["code"], "h": [h(TEXT)]},
        lambda sealed: {"text": sealed["seal"], "h": [h(TEXT)]},
        lambda sealed: {"code": sealed["code"], "content": TEXT.replace(" ", "\u00a0 ") + "\r\n\r\n"},
    ],
)
def test_the_same_words_with_their_seal_are_genuine(shared: Deployment, sealed: dict[str, Any], bring: Any) -> None:
    assert verdict(shared, **bring(sealed)) == ("genuine", "genuine")


def test_a_genuine_answer_says_who_wrote_it_and_shows_what_matched(shared: Deployment, sealed: dict[str, Any]) -> None:
    answer = shared.verify(code=sealed["code"], content=TEXT)
    assert answer["sender"]["id"] == "exempelbanken"
    assert answer["authorship"]["by"] == "human"
    assert answer["content"] == {"matched": TEXT, "before": "", "after": ""}
    assert answer["decision"]["enquiry"] == "informational"
    assert answer["proof"].startswith("c2sp.org/tlog-proof@v1\n")
    shown = shared.verify(seal=answer["seal"], content=TEXT)
    assert shown["answer"] == "genuine"


@pytest.mark.parametrize(
    ("brought", "reason"),
    [
        ({}, "give_content"),
        ({"recipient": "+46701234567"}, "give_content"),
        ({"links": [], "files": []}, "give_content"),
    ],
)
def test_a_code_or_a_seal_alone_is_never_genuine(
    shared: Deployment, sealed: dict[str, Any], brought: dict[str, Any], reason: str
) -> None:
    for found in ({"code": sealed["code"]}, {"seal": sealed["seal"]}, {"link": sealed["link"]}):
        assert verdict(shared, **found, **brought) == ("incomplete", reason)


def test_a_code_alone_shows_neither_the_decision_nor_a_disclosure(shared: Deployment, sealed: dict[str, Any]) -> None:
    answer = shared.verify(code=sealed["code"])
    assert answer["sender"]["name"] == "Exempelbanken"
    assert (answer["decision"], answer["content"]) == (None, None)
    assert answer["seal"].count("~") == 1


@pytest.mark.parametrize(
    "other",
    [
        TEXT + " Ring 0700-000000.",
        TEXT.replace("9", "8"),
        TEXT.replace("–", "-"),
        TEXT.replace("o", "\u043e", 1),
        TEXT.lower(),
        TEXT.replace(" ", "", 1),
        "Helt andra ord.",
    ],
)
def test_other_words_under_a_seal_are_not_genuine(shared: Deployment, sealed: dict[str, Any], other: str) -> None:
    assert verdict(shared, seal=sealed["seal"], content=other) == ("not_genuine", "text_altered")
    assert verdict(shared, code=sealed["code"], content=other) == ("not_genuine", "code_of_another_message")
    assert verdict(shared, text=f"{other}\nSigill {sealed['code']}")[0] == "not_genuine"


@settings(max_examples=40, deadline=None)
@given(content=st.text(min_size=1, max_size=60))
def test_no_other_text_is_ever_genuine(shared: Deployment, sealed: dict[str, Any], content: str) -> None:
    assert shared.verify(code=sealed["code"], content=content)["answer"] in {"not_genuine", "cannot_say"}


def test_a_sealed_text_inside_a_quoted_mail_is_one_step_left_and_only_the_match_is_shown(
    shared: Deployment, sealed: dict[str, Any]
) -> None:
    quoted = "\n".join(f"> {line}" for line in sealed["embedded_text"].split("\n"))
    answer = shared.verify(text=f"Hej, stämmer det här?\n\nDen 3 maj skrev banken:\n{quoted}\n\n-- \nMvh Anna")
    assert (answer["answer"], answer["reason"]) == ("incomplete", "partly_covered")
    assert answer["content"]["matched"] == TEXT
    assert "stämmer" in answer["content"]["before"]
    assert "Mvh Anna" in answer["content"]["after"]


def test_words_added_around_the_sealed_text_are_never_genuine(shared: Deployment, sealed: dict[str, Any]) -> None:
    for pasted in (f"{TEXT}\n\nBetala hit: bg 1-2", f"VIKTIGT\n{TEXT}", f"a\n{TEXT}\nb"):
        assert verdict(shared, code=sealed["code"], content=pasted) == ("incomplete", "partly_covered")


def test_a_hash_that_is_not_the_whole_texts_is_one_step_left(shared: Deployment, sealed: dict[str, Any]) -> None:
    assert verdict(shared, code=sealed["code"], h=[h("hela"), h(TEXT)]) == ("incomplete", "partly_covered")
    assert verdict(shared, code=sealed["code"], h=[h("annat")])[0] == "not_genuine"


def test_a_code_and_a_guessed_link_or_file_tell_nothing(shared: Deployment) -> None:
    target = "https://bank.example/oppet"
    sealed = shared.sign(text=None, html=f'<p>Läs <a href="{target}">här</a>.</p>').get_json()
    for bring in ({"code": sealed["code"]}, {"seal": sealed["seal"].split("~")[0] + "~"}):
        answers = [
            shared.verify(**bring, links=[format_base64url(link_hash(guess))], files=[])
            for guess in (target, "https://bank.example/annat")
        ]
        compared = [(item["answer"], item["reason"], item["checks"], item["seal"]) for item in answers]
        assert compared[0] == compared[1]
        assert compared[0][:2] == ("incomplete", "give_content")


def test_short_guesses_under_a_code_or_its_bare_seal_find_nothing(shared: Deployment) -> None:
    sealed = shared.sign(text="Din kod: 4711").get_json()
    guesses = "\n\n".join(f"Din kod: {number}" for number in range(4700, 4720))
    for bring in ({"code": sealed["code"]}, {"seal": sealed["seal"].split("~")[0] + "~"}):
        assert verdict(shared, **bring, content=guesses)[0] == "not_genuine"
        assert verdict(shared, **bring, content="Din kod: 4711") == ("genuine", "genuine")


def test_a_text_too_long_to_compare_is_refused_as_such(shared: Deployment, sealed: dict[str, Any]) -> None:
    answer = shared.client.post("/v1/verifications", json={"code": sealed["code"], "content": "å" * 200_000})
    assert answer.status_code == 422
    assert answer.get_json()["type"].endswith("text-not-canonicalisable")


def test_hidden_characters_are_named_and_nothing_is_said_of_the_text(
    shared: Deployment, sealed: dict[str, Any]
) -> None:
    for hidden in ("\u200b", "\u202e", "\u2066", "\ufe0f"):
        assert verdict(shared, code=sealed["code"], content=TEXT + hidden + "!") == ("cannot_say", "hidden_characters")


@pytest.mark.parametrize("recipient", [PHONE, "+46 (0)70-174 06 05", "0046701740605"])
def test_meant_for_you_needs_your_number_in_any_spelling(
    shared: Deployment, addressed: dict[str, Any], recipient: str
) -> None:
    answer = shared.verify(code=addressed["code"], content=TEXT, recipient=recipient)
    assert answer["answer"] == "genuine"
    assert check(answer, "recipient") == "passed"


def test_a_message_to_one_person_replayed_to_another_is_not_genuine(
    shared: Deployment, addressed: dict[str, Any]
) -> None:
    for other in ("+46701740606", "anna@example.se", {"reference": PHONE}):
        assert verdict(shared, code=addressed["code"], content=TEXT, recipient=other) == (
            "not_genuine",
            "other_recipient",
        )
    assert verdict(shared, code=addressed["code"], content=TEXT) == ("incomplete", "give_recipient")
    assert verdict(shared, code=addressed["code"]) == ("incomplete", "give_content_and_recipient")


def test_links_and_attachments_are_compared_when_brought(shared: Deployment) -> None:
    target, file = "https://bank.example/oppet", format_base64url(hashlib.sha256(b"avtal").digest())
    sealed = shared.sign(
        text=None, html=f'<p>Läs <a href="{target}">här</a>.</p>', attachments=[{"name": "avtal.pdf", "h": file}]
    ).get_json()
    links = [format_base64url(link_hash(target))]
    wrong = [format_base64url(link_hash("https://bank.example.evil.example/oppet"))]
    brought = {"code": sealed["code"], "content": "Läs här."}
    answer = shared.verify(**brought, links=links, files=[file])
    assert (answer["answer"], check(answer, "links"), check(answer, "files")) == ("genuine", "passed", "passed")
    assert answer["seal"].count("~") == 4
    assert verdict(shared, **brought, links=wrong) == ("not_genuine", "links_altered")
    assert verdict(shared, **brought, links=[]) == ("not_genuine", "links_altered")
    assert verdict(shared, **brought, files=wrong) == ("not_genuine", "files_altered")


@pytest.mark.parametrize("text", ["Hej! Ring mig.", "Sigill", "Sigill AAAA", "eyJ.eyJ.x~", "\ufeff\ufe00", "a-b-c"])
def test_a_text_without_a_seal_is_unsigned_and_not_called_fake(shared: Deployment, text: str) -> None:
    assert verdict(shared, text=text) == ("cannot_say", "unsigned")


@pytest.mark.parametrize("code", ["7K3F-9Q2M-XT4B", "nonsense", "7K3F", "7K3F-9Q2M-XT4U", "\u0421" * 12, "0" * 60])
def test_unknown_and_impossible_codes_look_alike(shared: Deployment, code: str) -> None:
    first, second = shared.verify(code=code), shared.verify(code="ZZZZ-ZZZZ-ZZZZ")
    first.pop("receipt")
    second.pop("receipt")
    assert first == second
    assert first["reason"] == "code_unknown"


@pytest.mark.parametrize(
    "link", ["https://sigill.example/s/7K3F9Q2MXT4B", "/s/7K3F-9Q2M-XT4B", "https://x/y", "s/", "\x00"]
)
def test_a_link_to_nothing_is_an_unknown_code(shared: Deployment, link: str) -> None:
    assert verdict(shared, link=link) == ("cannot_say", "code_unknown")


@pytest.mark.parametrize("text", ["ABCD-EFGH-JKMN", "7K3F9Q2MXT4B", " 7k3f 9q2m xt4b "])
def test_a_code_pasted_as_text_is_taken_for_a_code(shared: Deployment, text: str) -> None:
    assert verdict(shared, text=text) == ("cannot_say", "code_unknown")


def test_a_code_read_with_lookalikes_finds_its_message(shared: Deployment, sealed: dict[str, Any]) -> None:
    confused = sealed["code"].replace("0", "O").replace("1", "l")
    assert verdict(shared, code=confused, content=TEXT)[0] == "genuine"


@pytest.mark.parametrize(
    "break_it",
    [
        lambda seal: seal[:-1],
        lambda seal: seal[1:],
        lambda seal: seal.replace("~", "~~", 1),
        lambda seal: seal + "x",
        lambda seal: seal + seal.split("~")[1] + "~",
        lambda seal: seal.replace(".", ".."),
        lambda seal: seal.split(".")[0] + "~",
        lambda _: "~",
        lambda _: "hej",
        lambda seal: "\u00e5" + seal,
        lambda seal: seal.replace("~", "=~", 1),
    ],
)
def test_what_is_called_a_seal_and_is_none_is_a_problem(
    shared: Deployment, sealed: dict[str, Any], break_it: Any
) -> None:
    response = shared.client.post("/v1/verifications", json={"seal": break_it(sealed["seal"])})
    assert response.status_code == 422
    assert response.get_json()["type"].endswith("/malformed-seal")


def test_a_malformed_seal_inside_a_text_is_said_to_be_unreadable(shared: Deployment, sealed: dict[str, Any]) -> None:
    broken = sign_again(sealed["seal"], change=lambda payload: payload | {"seq": True})
    assert verdict(shared, text=f"Hej!\n{broken}") == ("cannot_say", "seal_unreadable")


def test_a_seal_of_high_s_is_no_second_spelling(shared: Deployment, sealed: dict[str, Any]) -> None:
    jws, _, shown = sealed["seal"].partition("~")
    head, _, signature = jws.rpartition(".")
    raw = parse_base64url(signature)
    flipped = raw[:32] + (ORDER - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    forged = f"{head}.{format_base64url(flipped)}~{shown}"
    response = shared.client.post("/v1/verifications", json={"seal": forged, "content": TEXT})
    assert response.status_code == 422 or response.get_json()["answer"] == "not_genuine"


@pytest.mark.parametrize(
    "brought", [{}, {"code": "x", "text": "y"}, {"seal": "x", "code": "y", "link": "z"}, {"content": "x"}]
)
def test_exactly_one_thing_is_verified(shared: Deployment, brought: dict[str, Any]) -> None:
    response = shared.client.post("/v1/verifications", json=brought)
    assert (response.status_code, response.get_json()["type"].rpartition("/")[2]) == (422, "nothing-to-verify")


def test_a_seal_signed_anew_with_another_key_is_not_genuine_and_nothing_it_says_is_shown(
    shared: Deployment, sealed: dict[str, Any]
) -> None:
    answer = shared.verify(seal=sign_again(sealed["seal"]), content=TEXT)
    assert (answer["answer"], answer["reason"]) == ("not_genuine", "key_unknown")
    assert answer["sender"] is answer["authorship"] is answer["seal"] is answer["log"] is None


def _as_other(name: str) -> Any:
    return lambda payload: payload | {"sub": payload["sub"].rpartition("/")[0] + f"/{name}"}


_CHANGES: dict[str, Any] = {
    "authorship": lambda payload: payload | {"pur": "security"},
    "another operator": _as_other("exempelel"),
    "an unknown operator": _as_other("nobody"),
    "an operator's name no file can have": _as_other("x" * 400),
    "an operator's name that climbs": _as_other(".."),
    "a later end": lambda payload: payload | {"exp": payload["exp"] + 1},
    "no recipient": lambda payload: payload | {"rcp": format_base64url(bytes(32))},
    "another name": lambda payload: payload | {"op": payload["op"] | {"name": "Storbanken"}},
}


@pytest.mark.parametrize("change", _CHANGES.values(), ids=_CHANGES.keys())
def test_a_claim_changed_under_the_old_signature_is_not_genuine(
    shared: Deployment, sealed: dict[str, Any], change: Any
) -> None:
    forged = change_claims(sealed["seal"], change)
    assert verdict(shared, seal=forged, content=TEXT) == ("not_genuine", "signature_wrong")
    assert verdict(shared, seal=sign_again(sealed["seal"], change=change), content=TEXT) == (
        "not_genuine",
        "key_unknown",
    )


def test_a_seal_of_another_guarantor_proves_nothing_here(shared: Deployment, sealed: dict[str, Any]) -> None:
    def move(payload: Payload) -> Payload:
        iss = "https://other.example"
        status = {"status_list": payload["status"]["status_list"] | {"uri": f"{iss}/status/1"}}
        sub = f"{iss}/registry/operators/exempelbanken"
        return payload | {"iss": iss, "aud": f"{iss}/verify", "sub": sub, "status": status}

    forged = sign_again(sealed["seal"], change=move)
    assert verdict(shared, seal=forged, content=TEXT) == ("cannot_say", "guarantor_unknown")


def test_a_seal_made_in_secret_with_the_stolen_key_is_not_genuine(shared: Deployment, sealed: dict[str, Any]) -> None:
    signer = shared.services.keys.seal_signer(shared.services.signing.now())
    secret = sign_again(sealed["seal"], signer=signer, change=lambda payload: payload | {"pur": "security"})
    assert verdict(shared, seal=secret, content=TEXT) == ("not_genuine", "not_in_the_log")


def test_the_receipts_key_signs_no_seals(shared: Deployment, sealed: dict[str, Any]) -> None:
    signer = shared.services.keys.signer(KeyKind.REPORT, shared.services.signing.now())
    forged = sign_again(sealed["seal"], signer=signer)
    assert verdict(shared, seal=forged, content=TEXT) == ("not_genuine", "key_unknown")


def test_the_disclosures_of_another_seal_do_not_belong(shared: Deployment, sealed: dict[str, Any]) -> None:
    other = shared.sign(text="Betala 100 kr till 5555-5555.").get_json()
    mixed = sealed["seal"].split("~")[0] + "~" + other["seal"].split("~", 1)[1]
    response = shared.client.post("/v1/verifications", json={"seal": mixed, "content": "Betala 100 kr till 5555-5555."})
    assert response.status_code == 422
    assert verdict(shared, code=sealed["code"], content="Betala 100 kr till 5555-5555.")[0] == "not_genuine"


def test_the_same_words_of_another_operator_are_that_operators(deployment: Deployment) -> None:
    deployment.add(operator("exempelel"))
    ours, theirs = deployment.sign().get_json(), deployment.sign(by="exempelel").get_json()
    assert deployment.verify(code=ours["code"], content=TEXT)["sender"]["id"] == "exempelbanken"
    assert deployment.verify(code=theirs["code"], content=TEXT)["sender"]["id"] == "exempelel"
    swapped = change_claims(ours["seal"], _as_other("exempelel"))
    assert verdict(deployment, seal=swapped, content=TEXT) == ("not_genuine", "signature_wrong")


def test_which_ai_wrote_it_is_asked_with_the_allowed_answers(deployment: Deployment) -> None:
    systems = tuple(AiSystem(ref=ref, name=ref, provider=None, model=None, active=True) for ref in ("a", "b"))
    deployment.add(operator("exempelel", ai_systems=systems))
    (fault,) = deployment.sign(by="exempelel", authorship="ai").get_json()["errors"]
    assert (fault["pointer"], fault["allowed_values"]) == ("/ai/system", ["a", "b"])


def test_an_erased_decision_is_shown_as_disclosed_and_not_explained(deployment: Deployment) -> None:
    seal = deployment.sign().get_json()["seal"]
    assert deployment.verify(seal=seal, content=TEXT)["decision"]["explained"]
    with writing(deployment.services.engine) as connection:
        connection.execute(delete(decisions))
    answer = deployment.verify(seal=seal, content=TEXT)
    assert (answer["answer"], "explained" in answer["decision"]) == ("genuine", False)


def test_the_words_come_in_the_language_asked_for(shared: Deployment, sealed: dict[str, Any]) -> None:
    body = {"code": sealed["code"], "content": TEXT}
    swedish = shared.client.post("/v1/verifications", json=body, headers={"Accept-Language": "sv-SE,sv;q=0.9"})
    asked = shared.client.post("/v1/verifications", json=body | {"language": "sv"})
    english = shared.client.post("/v1/verifications", json=body, headers={"Accept-Language": "zh, \x80;q=x,,"})
    assert swedish.get_json()["headline"] == asked.get_json()["headline"] != english.get_json()["headline"]


def test_a_page_elsewhere_may_ask(shared: Deployment, sealed: dict[str, Any]) -> None:
    origin = {"Origin": "https://bank.example"}
    asking = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = shared.client.options("/v1/verifications", headers=asking)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Methods"] == "POST"
    assert preflight.headers["Access-Control-Allow-Headers"] == "Content-Type"
    for body in ({"code": sealed["code"]}, {}):
        response = shared.client.post("/v1/verifications", json=body, headers=origin)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Access-Control-Allow-Origin" not in shared.client.options("/v1/messages", headers=asking).headers


@pytest.mark.parametrize(
    "text", ["eyJ" * 87_000, "eyJ" + "a.a" * 87_000, "Sigill" + " " * 262_000, "/s/" * 87_000, "\ufeff" * 262_000]
)
@pytest.mark.timeout(5)
def test_looking_for_a_seal_takes_no_longer_than_reading_the_text(shared: Deployment, text: str) -> None:
    assert shared.client.post("/v1/verifications", json={"text": text}).status_code == 200


def test_the_forgers_key_is_published_nowhere(shared: Deployment) -> None:
    assert FORGER.kid not in shared.client.get("/.well-known/jwks.json").get_data(as_text=True)


def test_attachments_match_in_any_order_and_links_only_in_theirs(shared: Deployment) -> None:
    first, second = "A" * 43, "E" * 42 + "A"
    answer = shared.sign(attachments=[{"h": second}, {"h": first}]).get_json()
    for files in ([first, second], [second, first]):
        found = shared.verify(code=answer["code"], content=TEXT, files=files)
        assert {item["check"]: item["outcome"] for item in found["checks"]}["files"] == "passed"
    assert verdict(shared, code=answer["code"], content=TEXT, files=[first]) == ("not_genuine", "files_altered")


def test_a_thread_of_mails_is_judged_by_the_code_that_covers_its_words(shared: Deployment) -> None:
    old = shared.sign(text="Gammalt svar om räntan.").get_json()
    new = shared.sign(text="Nytt svar om lånet.").get_json()
    thread = f"Nytt svar om lånet.\nSigill {new['code']}\n\n> Gammalt svar om räntan.\n> Sigill {old['code']}"
    found = shared.verify(text=thread)
    assert (found["answer"], found["reason"]) == ("incomplete", "partly_covered")
    assert found["content"]["matched"] in {"Nytt svar om lånet.", "Gammalt svar om räntan."}
    swapped = f"Nytt svar om lånet.\nSigill {old['code']}\n\nSigill {new['code']}"
    assert shared.verify(text=swapped)["seal"].startswith(new["seal"].split("~")[0])


def test_whoever_picks_up_a_code_cannot_try_out_whose_it_is(shared: Deployment) -> None:
    answer = shared.sign(recipient="+46701740605").get_json()
    tried = [shared.verify(code=answer["code"], recipient=number) for number in ("+46701740605", "+46701740606")]
    tried += [
        shared.verify(code=answer["code"], recipient=number, content="gissning")
        for number in ("+46701740605", "+46701740606")
    ]
    assert {item["detail"] for found in tried for item in found["checks"] if item["check"] == "recipient"} == {
        "content_first"
    }


def test_a_link_to_somebody_elses_page_beside_a_real_message_is_told(shared: Deployment) -> None:
    answer = shared.sign().get_json()
    code = answer["code"].replace("-", "")
    assert verdict(shared, link=f"https://evil.example/s/{code}", content=TEXT) == ("not_genuine", "link_not_ours")
    assert verdict(shared, text=f"{TEXT}\nhttps://evil.example/s/{code}") == ("not_genuine", "link_not_ours")
    assert verdict(shared, text=f"{TEXT}\n{answer['link']}") == ("genuine", "genuine")


def test_html_copied_from_a_browser_with_other_empty_lines_is_genuine(shared: Deployment) -> None:
    html = "<h2>Hej</h2><ul><li>ett</li><li>två</li></ul><p>slut</p><p>Mvh <img src='x.png' alt='logo'></p>"
    answer = shared.sign(text=None, html=html, channel="email").get_json()
    for copied in ("Hej\nett\ntvå\nslut\n\nMvh", "Hej\n\nett\n\ntvå\n\nslut\n\nMvh", "Hej\nett\ntvå\nslut\nMvh"):
        assert verdict(shared, code=answer["code"], content=copied) == ("genuine", "genuine")
