"""`manage.py doctor` and real services: each well, gone, and with a login that it refuses; no password is told."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from experiments.doctor.finding import Finding
from experiments.doctor.logins import try_login
from tests.installation import Installation
from tests.servers import free_port
from tests.services.parts import new_database

pytestmark = pytest.mark.services
WRONG = "hunter2"


def changed(address: str, *, user: str = "", port: int = 0, path: str | None = None) -> str:
    """Change the login, port or path of an address."""
    parts = urlsplit(address)
    login, _, host = parts.netloc.rpartition("@")
    place = f"{host.partition(':')[0]}:{port}" if port else host
    return parts._replace(netloc=f"{user or login}@{place}", path=parts.path if path is None else path).geturl()


def looked_at(address: str) -> Finding:
    found = try_login("broker", address, "BROKER_URL")
    assert WRONG not in str(found)
    return found


@pytest.mark.parametrize("kind", ["redis_url", "rabbitmq_url"])
def test_a_broker_that_is_well_or_gone_or_refuses_us(kind: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue(kind)
    assert looked_at(address).level == "ok"
    gone = looked_at(changed(address, port=free_port(), user=f"me:{WRONG}"))
    assert gone.level == "fail"
    assert gone.text.endswith("does not accept connections: Connection refused")
    assert gone.cure.startswith("Start it, open the port, or correct BROKER_URL.")
    refused = looked_at(changed(address, user=f"me:{WRONG}"))
    assert (refused.level, refused.text.rpartition(" ")[2]) == ("fail", "login")
    assert refused.cure.startswith("Correct user and password in BROKER_URL")
    misplaced = looked_at(changed(address, user="guest:guest" if kind == "rabbitmq_url" else ":", path="/99999"))
    assert misplaced.level == "fail"
    assert "what follows the last / in BROKER_URL" in misplaced.cure


def test_a_redis_with_a_password(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.acl_setuser("keeper", enabled=True, passwords=["+right"], keys=["*"], categories=["+@all"])
        try:
            assert looked_at(changed(redis_url, user="keeper:right")).level == "ok"
            assert looked_at(changed(redis_url, user=f"keeper:{WRONG}")).text.endswith("refuses the login")
        finally:
            client.acl_deluser("keeper")


def test_postgresql_that_is_well_or_refuses_us(tmp_path: Path, postgres_url: str) -> None:
    address = new_database(postgres_url, "examined")
    well = Installation(tmp_path / "home", DATABASE_URL=address)
    well.manage("migrate")
    assert "ok   database: postgresql, all migrations applied" in well.manage("doctor")
    user = urlsplit(postgres_url).username
    for broken, cure in (
        (changed(address, user=f"{user}:{WRONG}"), "Correct user, password"),
        (changed(address, path="/nowhere"), "Correct user, password and the database's name in DATABASE_URL."),
    ):
        with pytest.raises(AssertionError) as ended:
            Installation(tmp_path / "home", DATABASE_URL=broken).manage("doctor")
        printed = str(ended.value)
        assert "fail database: does not answer: 127.0.0.1:" in printed
        assert f"-> {cure}" in printed
        assert WRONG not in printed
        assert "Traceback" not in printed
