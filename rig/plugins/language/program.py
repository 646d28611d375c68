"""program: runs one Pulumi program, as sdk/python/cmd/pulumi-language-python-exec does.

Not here: the process that it runs in (warm.py), the engine's calls (server.py).
"""

import asyncio
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pulumi
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2

from rig.plugins.language.engine import Engine, Monitor
from rig.plugins.language.warm import USER_WAS_TOLD

_CHECKOUT = str(Path(__file__).parents[3])

_THREADS_PER_OPERATION = 4  # the SDK's calls to the engine block a thread each


def run(message: bytes, engine: str) -> int:
    """Run the program of a RunRequest; return its exit code."""
    request = language_pb2.RunRequest.FromString(message)
    set_all_config(dict(request.config), list(request.configSecretKeys))
    messages = Engine(engine)
    configure(
        Settings(
            monitor=Monitor(request.monitor_address),
            engine=messages,
            project=request.project,
            stack=request.stack,
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization,
            root_directory=request.info.root_directory,
        )
    )
    folder = Path(request.info.program_directory)
    program = folder / request.info.entry_point
    os.chdir(request.pwd or folder)
    _forget_checkout()
    sys.argv = [str(program), *request.args]
    try:
        return _run(program, max(request.parallel, 1) * _THREADS_PER_OPERATION)
    finally:
        messages.flush()


def _forget_checkout() -> None:
    """Take back that the plugin's launcher made the checkout importable: programs of others."""
    if _CHECKOUT in sys.path:
        sys.path.remove(_CHECKOUT)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path != _CHECKOUT)
    for name in [name for name in sys.modules if name.partition(".")[0] == "rig"]:
        del sys.modules[name]


def _run(program: Path, threads: int) -> int:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # a failed graph is told by its error
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=threads)
    loop.set_default_executor(executor)
    try:
        if program.is_dir() and not (program / "__main__.py").exists():
            pulumi.log.error(f"program {program}: has no __main__.py; add one, or set main")
            return USER_WAS_TOLD
        loop.run_until_complete(run_in_stack(lambda: _execute(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return USER_WAS_TOLD
    except Exception:  # noqa: BLE001  whatever the program raises
        text = _traceback_of(program)
        pulumi.log.error(f"Program failed with an unhandled exception:\n{text}")
        return USER_WAS_TOLD
    finally:
        executor.shutdown(wait=True)
        loop.close()
    return 0


def _execute(program: Path) -> None:
    runpy.run_path(str(program), run_name="__main__")


def _traceback_of(program: Path) -> str:
    """Return the traceback from the program's own file on."""
    main = program / "__main__.py" if program.is_dir() else program
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if Path(frame.filename).absolute() == main.absolute():
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()
