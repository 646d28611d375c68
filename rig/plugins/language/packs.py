"""packs: runs policy packs for the engine, as the official host does but for one thing.

That one gives a pack the stack's config (`pulumi.Config`); here it finds none.
Not here: the engine's calls (server.py), the checkout's own pack (policy/).
"""

import subprocess
import sys
from collections.abc import Iterator

import grpc
from pulumi.runtime.proto import language_pb2


class Packs:
    """The packs that run now, each in a process of its own."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a pack until the engine hangs up; yield what it prints, and how it ended.

        Its errors go where this host's go; the engine shows both.
        """
        folder = request.info.program_directory
        pack = subprocess.Popen(
            [sys.executable, "-u", "-m", "pulumi.policy", *request.args, folder],
            cwd=folder,
            env=dict(variable.split("=", 1) for variable in request.env),
            stdout=subprocess.PIPE,
        )
        self._running.add(pack)
        if not context.add_callback(pack.terminate):
            pack.terminate()  # the engine has hung up already
        for line in pack.stdout or ():
            yield language_pb2.RunPluginResponse(stdout=line)
        code = pack.wait()
        self._running.discard(pack)
        yield language_pb2.RunPluginResponse(exitcode=code)

    def stop(self) -> None:
        """End the packs that still run."""
        for pack in list(self._running):
            pack.terminate()
