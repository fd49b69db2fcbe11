"""What `manage.py doctor` says of an identity provider: of one that answers, is away, or is another one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from access.models import Project
from experiments.doctor import sign_on
from realtime.sign_on import metadata
from tests.realtime.sign_on.conftest import changed, sign_on_at
from tests.realtime.sign_on.lying_provider import LyingProvider, lying_provider
from tests.servers import free_port


@pytest.fixture
def provider(settings: Settings) -> Iterator[LyingProvider]:
    metadata.provider_at.cache_clear()
    with lying_provider() as started:
        settings.SIGN_ON = sign_on_at(started.issuer)
        settings.PUBLIC_URL = "https://trainings.example.org"
        yield started
    metadata.provider_at.cache_clear()


def found() -> list[tuple[str, str]]:
    return [(one.level, one.text) for one in sign_on.diagnose()]


def test_without_single_sign_on_nobody_is_asked(settings: Settings) -> None:
    settings.SIGN_ON = None
    assert found() == [("ok", "none: users log in by password")]


def test_a_provider_that_describes_itself_is_well(provider: LyingProvider) -> None:
    assert found() == [("ok", f"{provider.issuer} describes itself and has keys")]
    assert "/keys" in provider.asked


def test_a_provider_that_is_away_fails(provider: LyingProvider, settings: Settings) -> None:
    changed(settings, issuer=f"http://127.0.0.1:{free_port()}")
    [(level, text)] = found()
    assert level == "fail"
    assert "/.well-known/openid-configuration does not answer" in text


def test_a_provider_of_another_name_fails_with_both_names(provider: LyingProvider) -> None:
    provider.metadata = {"issuer": "https://elsewhere.example"}
    [(level, text)] = found()
    assert level == "fail"
    assert f"it calls itself 'https://elsewhere.example', and LIVETRAIN_OIDC_ISSUER is '{provider.issuer}'" in text


def test_a_provider_without_a_key_that_is_accepted_fails(provider: LyingProvider) -> None:
    provider.metadata = {"id_token_signing_alg_values_supported": ["HS256"]}
    [(level, text)] = found()
    assert level == "fail"
    assert "has no key for a signature that is accepted" in text


def test_a_public_address_that_is_missing_is_told(provider: LyingProvider, settings: Settings) -> None:
    settings.PUBLIC_URL = ""
    assert [level for level, _ in found()] == ["ok", "warn"]


@pytest.mark.django_db
def test_projects_that_nobody_has_made_are_named(provider: LyingProvider) -> None:
    [finding] = sign_on.diagnose_projects()
    assert (finding.level, finding.text) == ("warn", "the mapping of groups names projects that are not there: Lungs")
    Project.objects.create(name="Lungs")
    assert list(sign_on.diagnose_projects()) == []
