"""The tables of lock modes against the databases that they are named for, where those are installed.

Each has a server of its own, on a socket in a temporary folder. Two sessions ask for a pair of modes:
the second one must have to wait just where the table says that they conflict.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deadsim.model.lock_modes import INNODB, POSTGRES_ROW, POSTGRES_TABLE, Conflicts

pytestmark = pytest.mark.slow


def postgres_folder() -> Path | None:
    """Find the folder with the programs of PostgreSQL's server."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    there = shutil.which("initdb")
    found += [Path(there).resolve()] if there else []
    return found[0].parent if found and shutil.which("psql") else None


def other_user(*names: str) -> str | None:
    """Name a user under whom a server runs, where we are one under whom it refuses to."""
    if os.getuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return next((name for name in names if name in known), "nobody")


@contextmanager
def folder(user: str | None) -> Iterator[Path]:
    """Make a folder that a server may write to; its path is short, as that of a socket has to be."""
    made = Path(tempfile.mkdtemp(prefix="db", dir="/tmp"))
    try:
        made.chmod(0o755)
        if user is not None:
            shutil.chown(made, user)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


class Session:
    """A session that is kept open: each statement is answered by a line."""

    def __init__(self, command: list[str], after: str) -> None:
        self.after = after
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )

    def do(self, statement: str) -> str:
        """Have statements carried out; gives all that is said until they are done."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{statement}\n{self.after}\n")
        self.process.stdin.flush()
        said = ""
        for line in self.process.stdout:
            if "done-with-it" in line:
                return said
            said += line
        raise AssertionError(f"the session ended: {said}")

    def close(self) -> None:
        """End the session."""
        assert self.process.stdin is not None
        self.process.communicate(timeout=20)


@pytest.fixture(scope="module")
def postgres() -> Iterator[tuple[Session, Session]]:
    """Give two sessions of a cluster of their own."""
    programs = postgres_folder()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    user = other_user("postgres")
    with folder(user) as where:
        data = where / "data"

        def run(*command: str) -> None:
            done = subprocess.run(
                command, user=user, cwd=where, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr

        run(str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N")
        server = f"-k {where} -c listen_addresses='' -c fsync=off"
        start = (str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(where / "log"))
        run(*start, "-o", server, "start")
        try:
            ask = ["psql", "-h", str(where), "-U", "postgres", "-q", "-A", "-t", "-X"]
            sessions = [Session([*ask, "postgres"], r"\echo done-with-it") for _ in range(2)]
            sessions[0].do("CREATE TABLE t (id int primary key, n int);")
            sessions[0].do("INSERT INTO t VALUES (1, 0);")
            yield sessions[0], sessions[1]
            for session in sessions:
                session.close()
        finally:
            run(*start, "-m", "immediate", "stop")


def conflicts(
    sessions: tuple[Session, Session], table: Conflicts, statement: str, refused: str
) -> set[tuple[str, str]]:
    """Find which pairs of modes conflict: of the first session the one that has, of the second the one that asks."""
    one, two = sessions
    found = set()
    for held, _ in table:
        for wanted, _ in table:
            one.do("BEGIN;")
            assert "ERROR" not in one.do(statement.format(held))
            two.do("BEGIN;")
            said = two.do(statement.format(wanted))
            assert "ERROR" not in said or refused in said, said
            if refused in said:
                found.add((held, wanted))
            two.do("ROLLBACK;")
            one.do("ROLLBACK;")
    return found


def pairs(table: Conflicts) -> set[tuple[str, str]]:
    """List the pairs of a table that conflict."""
    return {(mode, other) for mode, others in table for other in others}


def test_row_locks_conflict_as_in_postgresql(postgres: tuple[Session, Session]) -> None:
    asked = "SELECT 1 FROM t WHERE id = 1 {} NOWAIT;"
    found = conflicts(postgres, POSTGRES_ROW, asked, "could not obtain lock on row")
    assert found == pairs(POSTGRES_ROW)


def test_table_locks_conflict_as_in_postgresql(postgres: tuple[Session, Session]) -> None:
    asked = "LOCK TABLE t IN {} MODE NOWAIT;"
    found = conflicts(postgres, POSTGRES_TABLE, asked, "could not obtain lock on relation")
    assert found == pairs(POSTGRES_TABLE)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[tuple[Session, Session]]:
    """Give two sessions of a server of their own."""
    server, install = shutil.which("mariadbd"), shutil.which("mariadb-install-db")
    client = shutil.which("mariadb")
    if server is None or install is None or client is None:
        pytest.skip("MariaDB is not installed (Debian: mariadb-server)")
    user = other_user("mysql")
    with folder(user) as where:
        data, socket = where / "data", where / "socket"
        who = [f"--user={user}"] if user else []
        made = [
            install,
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
        ]
        done = subprocess.run([*made, *who], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        options = [
            f"--datadir={data}",
            f"--socket={socket}",
            "--skip-networking",
            f"--pid-file={where}/pid",
        ]
        process = subprocess.Popen(
            [
                server,
                "--no-defaults",
                *who,
                *options,
                "--innodb-lock-wait-timeout=1",
                "--lock-wait-timeout=1",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            end = time.monotonic() + 60
            while not socket.exists():
                assert time.monotonic() < end, "the server does not start"
                assert process.poll() is None, "the server has ended"
                time.sleep(0.1)
            ask = [client, "--no-defaults", "-S", str(socket), "-u", "root", "-N", "-n", "--force"]
            sessions = [Session(ask, "SELECT 'done-with-it';") for _ in range(2)]
            sessions[0].do("CREATE DATABASE d; USE d;")
            sessions[0].do("CREATE TABLE t (id int primary key) ENGINE=InnoDB;")
            sessions[0].do("INSERT INTO t VALUES (1), (2);")
            for session in sessions:
                session.do("USE d; SET autocommit = 0;")
            yield sessions[0], sessions[1]
            for session in sessions:
                session.close()
        finally:
            process.terminate()
            process.wait(60)


def test_locks_conflict_as_in_innodb(mariadb: tuple[Session, Session]) -> None:
    # The intention is what a lock of a row leaves at its table; each session has a row of its own.
    ask = {
        "IS": "SELECT * FROM t WHERE id = {} LOCK IN SHARE MODE;",
        "IX": "SELECT * FROM t WHERE id = {} FOR UPDATE;",
        "S": "LOCK TABLES t READ;",
        "X": "LOCK TABLES t WRITE;",
    }
    one, two = mariadb
    found = set()
    for held, _ in INNODB:
        for wanted, _ in INNODB:
            assert "ERROR" not in one.do(ask[held].format(1))
            if "Lock wait timeout" in two.do(ask[wanted].format(2)):
                found.add((held, wanted))
            for session in (two, one):
                session.do("ROLLBACK; UNLOCK TABLES;")
    assert found == pairs(INNODB)
