"""Call the command line as a user would from a shell."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any, NamedTuple
from unittest.mock import patch

from deadsim import cli


class Done(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class _Bytes(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined]


def deadsim(*arguments: str, stdin: bytes = b"") -> Done:
    """Run a command; gives its exit status and what it wrote."""
    out, err = _Bytes(), _Bytes()
    given = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    status: Any = 0
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(sys, "argv", ["deadsim", *arguments]),
        patch.object(sys, "stdin", given),
    ):
        try:
            cli.main()
        except SystemExit as exit:
            status = exit.code
    return Done(int(status or 0), out.text(), err.text())


def interrupted(*arguments: str, seconds: float) -> Done:
    """Run a command in a process of its own, and press Ctrl-C some seconds after it first shows progress."""
    terminal, end = os.openpty()
    command = [sys.executable, "-m", "deadsim", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, text=True)
    os.close(end)
    shown = os.read(terminal, 65_536)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=120)
    with contextlib.suppress(OSError):  # so a terminal ends
        while more := os.read(terminal, 65_536):
            shown += more
    os.close(terminal)
    return Done(process.returncode, out, shown.decode())
