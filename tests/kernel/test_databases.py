"""The tables of lock modes against the databases that they are named for, where those are installed.

Each has a server of its own, on a socket in a temporary folder. Two sessions ask for a pair of modes:
the second one must have to wait just where the table says that they conflict. What PostgreSQL does with
a circle of waits is what the language's page says of it.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deadsim.model.lock_modes import INNODB, POSTGRES_ROW, POSTGRES_TABLE, Conflicts


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


def fast_folder() -> str:
    """Give the folder of temporary files, in memory if there is enough: a database waits for its disk again and again."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ENOUGH:
        return str(memory)
    return "/tmp"


ENOUGH = 500 << 20  # bytes


@contextmanager
def folder(user: str | None) -> Iterator[Path]:
    """Make a folder that a server may write to; its path is short, as that of a socket has to be."""
    made = Path(tempfile.mkdtemp(prefix="db", dir=fast_folder()))
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
        self.ask(statement)
        return self.answer()

    def ask(self, statement: str) -> None:
        """Have statements carried out, and do not wait for that."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{statement}\n{self.after}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        """Wait until what was asked for is done; gives all that is said."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            if line.strip() == "done-with-it":
                return said
            said += line
        raise AssertionError(f"the session ended: {said}")

    def close(self) -> None:
        """End the session."""
        assert self.process.stdin is not None
        self.process.communicate(timeout=20)


@pytest.fixture(scope="module")
def server() -> Iterator[Callable[[], Session]]:
    """Give what opens a session with a PostgreSQL of their own."""
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
        options = f"-k {where} -c listen_addresses='' -c fsync=off -c autovacuum=off"
        start = (str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(where / "log"))
        run(*start, "-o", options, "start")
        sessions: list[Session] = []

        def opened() -> Session:
            ask = ["psql", "-h", str(where), "-U", "postgres", "-q", "-A", "-t", "-X", "postgres"]
            sessions.append(Session(ask, r"\echo done-with-it"))
            return sessions[-1]

        try:
            first = opened()
            first.do("CREATE TABLE t (id int primary key, n int);")
            first.do("INSERT INTO t VALUES (1, 0), (2, 0);")
            first.do("CREATE TABLE a (n int); CREATE TABLE b (n int);")
            yield opened
            for session in sessions:
                session.close()
        finally:
            run(*start, "-m", "immediate", "stop")


@pytest.fixture
def postgres(server: Callable[[], Session]) -> tuple[Session, Session]:
    """Give two sessions with PostgreSQL."""
    return server(), server()


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


# What breaks a circle of waits.

LOCKS = "SELECT n FROM t WHERE id = {} FOR UPDATE;"
DETECTED = "deadlock detected"


def waits(look: Session, many: int) -> None:
    """Wait until so many sessions are blocked."""
    end = time.monotonic() + 20
    while look.do("SELECT count(*) FROM pg_locks WHERE NOT granted;").strip() != str(many):
        assert time.monotonic() < end, "nobody comes to wait"
        time.sleep(0.01)


def begin(session: Session, patience: str) -> None:
    """Begin a transaction that looks for a circle after some time, and waits for nothing for good."""
    session.do(f"SET deadlock_timeout = '{patience}'; SET lock_timeout = '30s'; BEGIN;")


def half_a_circle(look: Session, one: Session, two: Session, first: str, second: str) -> None:
    """Let the first of two sessions wait for the second; they have these patiences."""
    begin(one, first)
    begin(two, second)
    one.do(LOCKS.format(1))
    two.do(LOCKS.format(2))
    one.ask(LOCKS.format(2))
    waits(look, 1)


def test_the_victim_in_postgresql_is_whose_time_runs_out_in_the_circle(
    server: Callable[[], Session],
) -> None:
    look, one, two = server(), server(), server()
    for first, second, victim in (("1h", "10ms", "two"), ("2s", "1h", "one")):
        half_a_circle(look, one, two, first, second)
        two.ask(LOCKS.format(1))
        said = {"one": one.answer(), "two": two.answer()}
        assert [name for name, words in said.items() if DETECTED in words] == [victim]
        for session in (one, two):
            session.do("ROLLBACK;")


def test_postgresql_looks_for_a_circle_once_in_each_wait(server: Callable[[], Session]) -> None:
    look, one, two = server(), server(), server()
    half_a_circle(look, one, two, "1ms", "1h")
    time.sleep(0.2)  # its time has run out, and there was no circle
    two.ask(LOCKS.format(1))
    waits(look, 2)
    time.sleep(0.2)
    # Both still wait: another session has to end that.
    look.do("SELECT pg_cancel_backend(pid) FROM pg_locks WHERE NOT granted ORDER BY pid LIMIT 1;")
    said = one.answer() + two.answer()
    assert DETECTED not in said
    assert said.count("canceling statement") == 1
    for session in (one, two):
        session.do("ROLLBACK;")


def test_postgresql_lets_a_request_go_ahead_where_that_opens_the_circle(
    server: Callable[[], Session],
) -> None:
    look, reads, alters, late = server(), server(), server(), server()
    for session in (reads, alters, late):
        begin(session, "10ms")
    reads.do("LOCK TABLE a IN ACCESS SHARE MODE;")
    late.do("LOCK TABLE b IN ACCESS EXCLUSIVE MODE;")
    alters.ask("LOCK TABLE a IN ACCESS EXCLUSIVE MODE;")
    waits(look, 1)
    late.ask("LOCK TABLE a IN ACCESS SHARE MODE;")  # behind the request of `alters` alone
    waits(look, 2)
    reads.ask("LOCK TABLE b IN ACCESS SHARE MODE;")
    said = ""
    for session in (late, reads, alters):
        said += session.answer()
        session.do("COMMIT;")
    assert "ERROR" not in said


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
            "--skip-test-db",
            "--innodb-log-file-size=4M",
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
                "--innodb-lock-wait-timeout=0",
                "--lock-wait-timeout=0",
                "--innodb-status-output-locks=ON",
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
    # What is held is asked of InnoDB; that its server keeps a table's name in modes too changes nothing.
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
            has = re.findall(r"TABLE LOCK .* lock mode (\w+)", status(two))
            assert has == [held]
            said = two.do(ask[wanted].format(2))
            assert "ERROR" not in said or "Lock wait timeout" in said, said
            if "ERROR" in said:
                found.add((held, wanted))
            for session in (two, one):
                session.do("ROLLBACK; UNLOCK TABLES;")
    assert found == pairs(INNODB)


def test_locks_of_one_row_conflict_as_in_innodb(mariadb: tuple[Session, Session]) -> None:
    ask = {"S": "LOCK IN SHARE MODE", "X": "FOR UPDATE"}
    one, two = mariadb
    found = set()
    for held, takes in ask.items():
        for wanted, asks in ask.items():
            one.do(f"SELECT * FROM t WHERE id = 1 {takes};")
            if "Lock wait timeout" in two.do(f"SELECT * FROM t WHERE id = 1 {asks};"):
                found.add((held, wanted))
            for session in (two, one):
                session.do("ROLLBACK;")
    assert found == {pair for pair in pairs(INNODB) if set(pair) <= ask.keys()}


@pytest.mark.parametrize("heavy", ["one", "two"])
def test_the_victim_in_innodb_has_changed_less(
    mariadb: tuple[Session, Session], heavy: str
) -> None:
    sessions = dict(zip(("one", "two"), mariadb, strict=True))
    row = "SELECT id FROM t WHERE id = {} FOR UPDATE;"
    one, two = mariadb
    for session in mariadb:
        session.do("SET innodb_lock_wait_timeout = 30;")
    sessions[heavy].do("INSERT INTO t VALUES (11), (12), (13), (14), (15), (16), (17), (18);")
    one.do(row.format(1))
    two.do(row.format(2))
    one.ask(row.format(2))
    end = time.monotonic() + 20
    while "LOCK WAIT" not in two.do("SELECT trx_state FROM information_schema.innodb_trx;"):
        assert time.monotonic() < end, "nobody comes to wait"
        time.sleep(0.15)  # what this table says is kept for a tenth of a second
    two.ask(row.format(1))
    said = {"one": one.answer(), "two": two.answer()}
    assert [name for name, words in said.items() if "Deadlock found" in words] == [
        name for name in sessions if name != heavy
    ]
    for session in mariadb:
        session.do("ROLLBACK; SET innodb_lock_wait_timeout = 0;")


def status(session: Session) -> str:
    """Give what InnoDB says of its transactions, with a line for each as it stands there."""
    return session.do("SHOW ENGINE INNODB STATUS;").replace("\\n", "\n")
