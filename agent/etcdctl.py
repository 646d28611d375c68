"""`etcdctl`, the field's own tool, against one store as its root user: one process per command.

It lists no secret on its command line: keys and certificates are named by path.
Not here: which commands (etcd.py, usage.py), where a store's files are (stores.py).
"""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

from agent.stores import Store
from core.errors import TenantplaneError

_COMMAND_SECONDS = 5.0
_KILL_SECONDS = 1.0
"""etcdctl's own --command-timeout does not cover `user` and `role`: against an etcd that is down
they wait for ever (seen with 3.7.3), so the process is killed so much later."""

_CONCURRENT_COMMANDS = 6
_CHUNK_BYTES = 65536
_TOO_LARGE = "received message larger than max"
_UNREACHABLE = (
    "context deadline exceeded",
    "connection refused",
    "connection error",
    "no leader",
    "timed out",
    "Unavailable",
)


class EtcdError(TenantplaneError):
    """The store refused something."""


class UnreachableError(EtcdError):
    """The store doesn't answer, or not in time."""


class TooLargeError(EtcdError):
    """The answer has more bytes than were asked for."""


class Etcdctl:
    """Commands to one store."""

    def __init__(self, store: Store, program: str = "etcdctl") -> None:
        self._store = store
        self._program = program
        self._slots = asyncio.Semaphore(_CONCURRENT_COMMANDS)

    async def __call__(
        self,
        *args: str,
        accept: tuple[str, ...] = (),
        parse: bool = True,
        endpoints: str | None = None,
        seconds: float | None = None,
    ) -> Any:  # noqa: ANN401 -- what the command prints
        """Run one command.

        Args:
            *args: The command.
            accept: Parts of errors that are as good as success.
            parse: Read what it prints as JSON.
            endpoints: Of single members; default where the store's clients connect.
            seconds: How long it may take; default 5.

        Returns:
            What it printed; an empty dict if it failed in a way that the caller accepts.

        Raises:
            EtcdError: It failed in any other way.
        """
        printed = bytearray()
        options = ["--write-out=json", f"--endpoints={endpoints or self._store.endpoints}"]
        message = await self._run([*options, *args], printed.extend, seconds or _COMMAND_SECONDS)
        if message and any(part in message for part in accept):
            return {}
        self._check(message, args)
        return json.loads(printed) if parse and not message else {}

    async def count_bytes(self, *args: str, seconds: float, most: int) -> int:
        """Return how much a command prints, keeping none of it.

        Raises:
            TooLargeError: The store's answer has more bytes than `most`; none of it was read.
            EtcdError: It failed in any other way.
        """
        counted = [0]

        def count(chunk: bytes) -> None:
            counted[0] += len(chunk)

        options = ["--write-out=simple", f"--endpoints={self._store.endpoints}"]
        options.append(f"--max-recv-bytes={most}")
        self._check(await self._run([*options, *args], count, seconds), args)
        return counted[0]

    def _check(self, message: str, args: tuple[str, ...]) -> None:
        if message:
            command, said = " ".join(args[:2]), _last_error(message)
            raise _kind(message)(f"store {self._store.pool}: etcdctl {command} failed, got {said}")

    async def _run(self, args: list[str], take: Callable[[bytes], None], seconds: float) -> str:
        """Run it; return what it says is wrong, nothing if all went well."""
        async with self._slots:
            process = await asyncio.create_subprocess_exec(
                self._program,
                f"--cacert={self._store.folder / 'ca.crt'}",
                f"--cert={self._store.folder / 'tls.crt'}",
                f"--key={self._store.folder / 'tls.key'}",
                f"--command-timeout={seconds}s",
                *args,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                err = await asyncio.wait_for(_both(process, take), seconds + _KILL_SECONDS)
            except TimeoutError:
                return f"Error: no answer within {seconds:.0f} s (timed out)"
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        return (err or "Error: no reason given") if process.returncode else ""


async def _both(process: asyncio.subprocess.Process, take: Callable[[bytes], None]) -> str:
    """Take what a process prints until it ends; return what it says on the side."""
    assert process.stdout is not None  # noqa: S101 -- both are pipes
    assert process.stderr is not None  # noqa: S101
    complaints = asyncio.ensure_future(process.stderr.read())
    while chunk := await process.stdout.read(_CHUNK_BYTES):
        take(chunk)
    await process.wait()
    return (await complaints).decode()


def text(value: str | None) -> str:
    """Return a key, or the like, as etcdctl's JSON has it."""
    return base64.b64decode(value or "").decode()


def _kind(message: str) -> type[EtcdError]:
    if _TOO_LARGE in message:
        return TooLargeError
    return UnreachableError if any(part in message for part in _UNREACHABLE) else EtcdError


def _last_error(err: str) -> str:
    lines = err.strip().splitlines()
    errors = [line for line in lines if line.startswith("Error: ")]
    return (errors or lines)[-1][-200:].removeprefix("Error: ")
