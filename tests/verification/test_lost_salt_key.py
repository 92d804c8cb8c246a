"""A month's lost salt key, made anew: its earlier messages cannot be opened, and none becomes a fake."""

from tests.builders_deployment import TEXT, Deployment


def lose_salt_keys(deployment: Deployment) -> None:
    for path in (deployment.services.settings.var / "keys" / "salts").glob("*/*.key"):
        path.unlink()


def test_an_earlier_seal_is_not_openable_and_a_new_one_is_genuine(deployment: Deployment) -> None:
    earlier = deployment.sign().get_json()
    lose_salt_keys(deployment)
    later = deployment.sign().get_json()
    for content in (TEXT, TEXT + " Ring oss."):
        assert deployment.verify(code=earlier["code"], content=content)["reason"] == "content_not_openable"
    assert deployment.verify(code=later["code"], content=TEXT)["reason"] == "genuine"
    assert deployment.verify(code=later["code"], content="Något annat.")["reason"] == "code_of_another_message"


def test_an_earlier_seal_that_brings_its_disclosures_is_still_opened(deployment: Deployment) -> None:
    earlier = deployment.sign().get_json()
    lose_salt_keys(deployment)
    deployment.sign()
    assert deployment.verify(seal=earlier["seal"], content=TEXT)["reason"] == "genuine"
