"""Where the client sends its token, and where it does not."""

from __future__ import annotations

import os
import stat
import traceback
import warnings
from pathlib import Path

import pytest

from livetrain import Client, InsecureWarning, Misconfigured, ServerUnreachable, address

HERE = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of a configuration file that is not there, in an environment that says nothing."""
    for name in (address.URL, address.TOKEN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(address.CONFIG, str(tmp_path / "config.toml"))
    return tmp_path / "config.toml"


@pytest.mark.parametrize("url", ["http://[::1", "http://x:99999", "http://ho st", "https://", "http://u:geheim@x:y"])
def test_a_wrong_address_is_told_without_its_password(url: str) -> None:
    with pytest.raises(Misconfigured, match="no address of a server") as caught:
        Client(url, "token")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://host/trainings/", " https://host/trainings "])
def test_a_server_may_be_below_a_path(url: str) -> None:
    client = Client(url, "token")
    assert client.url == "https://host/trainings"
    assert client._http.build_request("GET", "api/runs/").url == "https://host/trainings/api/runs/"


@pytest.mark.parametrize("token", ["geheim…", "Token geheim", "geh\neim", "geheim\x00", " "])
def test_a_wrong_token_is_told_without_it(token: str) -> None:
    with pytest.raises(Misconfigured, match="/account/") as caught:
        Client(HERE, token)
    assert "geh" not in str(caught.value)


def test_no_traceback_shows_the_token() -> None:
    found = address.chosen(HERE, "geheim")
    assert found.token == "geheim"
    assert "geheim" not in repr(found)
    assert "geheim" not in repr(Client(HERE, "geheim"))
    with pytest.raises(ServerUnreachable) as caught:
        Client("http://127.0.0.1:9", "geheim", patience=0).get("/")
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "geheim" not in "".join(line for line in shown.format() if "test_address" not in line)


def test_a_token_of_the_environment_is_that_of_its_server(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv(address.TOKEN, "environment")
    assert address.chosen("https://one.example", None).token == "environment"
    monkeypatch.setenv(address.URL, "https://one.example/")
    assert address.chosen("https://one.example", None).token == "environment"
    assert address.chosen(None, None) == ("https://one.example", "environment")
    with pytest.raises(Misconfigured, match="No token for https://other"):
        address.chosen("https://other.example", None)
    address.keep("https://other.example", "kept")
    assert address.chosen("https://other.example", None).token == "kept"
    assert address.chosen("https://other.example", "said").token == "said"


def test_an_account_without_a_home_needs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv(address.CONFIG)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(Misconfigured, match="No server is known"):
        address.chosen(None, None)
    monkeypatch.setenv(address.TOKEN, "environment")
    assert address.chosen(HERE, None).token == "environment"


def test_a_file_that_others_can_read_is_told_and_replaced(file: Path) -> None:
    file.write_text(f'url = "{HERE}"\ntoken = "open"\n')
    file.chmod(0o644)
    with pytest.warns(InsecureWarning, match="chmod 600"):
        assert address.chosen(None, None).token == "open"
    (file.parent / f".{file.name}.{os.getpid()}").touch()  # of a process that was killed
    address.keep(HERE, 'with "quotes"')
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert address.stored()["token"] == 'with "quotes"'


def test_a_token_that_goes_about_in_clear_is_told() -> None:
    with pytest.warns(InsecureWarning, match="to nas without"):
        Client("http://nas:8000", "token")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for url in (HERE, "http://localhost", "http://[::1]:8000", "https://nas"):
            Client(url, "token")


@pytest.mark.parametrize(("name", "value"), [("HTTPS_PROXY", "http://a:b:c"), ("SSL_CERT_FILE", "/is/not/there")])
def test_an_environment_that_cannot_be_used_is_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=name):
        Client("https://host", "token")
