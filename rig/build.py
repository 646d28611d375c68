"""build: compiles the binaries that the rig needs, each once, into the cache.

Owns calling Go: which inputs make a binary another one, the shared use of the machine's cores,
progress, and what is shown when a build fails.
Not here: what each binary is made of (toolchain/), binaries that PyPI has ready (pypi.py).
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from core.errors import TenantplaneError
from rig import cache, toolchain
from rig.progress import Progress, Step
from rig.toolchain import Recipe

_SHOWN_LINES = 20
# No debug information: the linker would drop it, and making it is 15 % of the compiler's time
# (etcd, go 1.26.8: 81 CPU seconds with it, 69 without; the build cache is a fifth smaller).
_COMMON_FLAGS = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")
_TURN = threading.Lock()  # beside the lock on disk, so that only a foreign build is mentioned
_PACKAGE = re.compile(r"[\w.~/+-]+")
_GO_INPUTS = ("GOVERSION", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFIPS140")


def binary(name: str, report: Progress) -> Path:
    """Return the path of a binary, compiled now if its inputs changed since it was.

    The other names of a multi-call binary (`etcdctl`, `kubelet`) are links beside it.

    Raises:
        TenantplaneError: Go is missing or too old, or the build failed.
    """
    return _Builder(report).binary(toolchain.recipe(name))


def binaries(names: Sequence[str], report: Progress) -> dict[str, Path]:
    """Return the paths of several binaries.

    The modules of all are downloaded while the first compiles; the compilers take turns, as each
    uses every core by itself. The first failure ends the other builds.
    """
    recipes = [toolchain.recipe(name) for name in names]
    builder = _Builder(report)
    with ThreadPoolExecutor(max_workers=max(1, len(recipes))) as pool:
        results = {recipe.name: pool.submit(builder.binary, recipe) for recipe in recipes}
        try:
            wait(results.values(), return_when=FIRST_EXCEPTION)
            failed = [future for future in results.values() if future.done() and future.exception()]
        except BaseException:
            builder.stop()
            raise
        if failed:
            builder.stop()
            failed[0].result()
        return {name: future.result() for name, future in results.items()}


def go_environment() -> dict[str, str]:
    """Return the environment in which Go is called.

    Go's own caches are shared with whatever else the user compiles. They move into the rig's cache
    when the user chose its place: then one folder is all that CI has to keep from run to run, and
    an empty one is a cold start.
    """
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    if cache.is_custom():
        environment.setdefault("GOCACHE", str(cache.root() / "go" / "build"))
        environment.setdefault("GOMODCACHE", str(cache.root() / "go" / "modules"))
        environment["GOFLAGS"] = "-modcacherw"  # else `rm -r` of the cache fails
    return environment


def check_go(what: str, wanted: str) -> None:
    """Refuse a machine without Go.

    Args:
        what: What needs it.
        wanted: The oldest Go that will do, like 1.26.0.

    Raises:
        TenantplaneError: there is none on PATH.
    """
    if not shutil.which("go"):
        raise TenantplaneError(f"go: is not on PATH, and {what} needs it; {_advice(wanted)}")


def _advice(wanted: str) -> str:
    return f"install Go {wanted} or newer, see https://go.dev/doc/install"


class _Builder:
    """Builds that run together, and can be stopped together."""

    def __init__(self, report: Progress) -> None:
        self._report = report
        self._environment = go_environment()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def stop(self) -> None:
        """End every Go that runs, and start no other."""
        self._stopped = True
        for process in list(self._running):
            process.terminate()

    def binary(self, recipe: Recipe) -> Path:
        """Return the path of a binary, compiled if need be."""
        go = self._go(recipe)
        sources = [recipe.folder / recipe.modfile, *sorted(recipe.folder.glob("*.go"))]
        if recipe.checksums.exists():  # pause depends on nothing
            sources.append(recipe.checksums)
        content = [part for path in sources for part in (path.name, path.read_bytes())]
        key = cache.key(
            recipe.package, recipe.ldflags(), *_COMMON_FLAGS, json.dumps(go), *recipe.programs,
            *content,
        )  # fmt: skip
        entry = cache.entry(
            "builds",
            recipe.name,
            key,
            lambda folder: self._make(recipe, folder),
            waiting=lambda: self._report.say(
                f" • {recipe.name}: waits for its build, which runs already"
            ),
        )
        return entry / recipe.name

    def _go(self, recipe: Recipe) -> dict[str, str]:
        """Return what decides about Go's output, after a check that it is new enough."""
        wanted = recipe.go_version()
        advice = _advice(wanted)
        check_go(recipe.name, wanted)
        # Inside the module: a Go that may download its successors (GOTOOLCHAIN=auto) answers with
        # the one that it would use.
        asked = subprocess.run(
            ["go", "env", "-json", *_GO_INPUTS],
            cwd=recipe.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode != 0:
            raise TenantplaneError(
                f"go: can't compile {recipe.name}: {asked.stderr.strip()}; {advice}"
            )
        go: dict[str, str] = json.loads(asked.stdout)
        if _numbers(go["GOVERSION"]) < _numbers(wanted):
            raise TenantplaneError(
                f"go: is too old to compile {recipe.name}, got {go['GOVERSION']}; {advice}"
            )
        return go

    def _make(self, recipe: Recipe, folder: Path) -> None:
        log = cache.root() / "logs" / f"build-{recipe.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("")
        common = [f"-modfile={recipe.modfile}", *_COMMON_FLAGS, "-ldflags", recipe.ldflags()]
        with self._report.step(f"download {recipe.name}") as step:
            # Unlike `go mod download` this leaves out what only tests of the modules need.
            self._run(["list", "-deps", *common, recipe.package], recipe, log, _Downloads(step))
        with self._turn(), self._report.step(f"compile {recipe.name}") as step:
            listing = ["list", "-deps", "-f={{if .Stale}}{{.ImportPath}}{{end}}", *common]
            stale = self._run([*listing, recipe.package], recipe, log, lambda _line: None)
            command = ["build", "-v", *common, "-o", str(folder / recipe.name), recipe.package]
            self._run(command, recipe, log, _Compiled(step, len(stale)))
        for program in recipe.programs:
            (folder / program).symlink_to(recipe.name)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until nothing else is compiled on this machine: one Go uses every core."""
        with _TURN, cache.locked("compile", waiting=self._say_waiting):
            yield

    def _say_waiting(self) -> None:
        self._report.say(" • compiling waits for a build of another process")

    def _run(
        self, arguments: Sequence[str], recipe: Recipe, log: Path, observe: Callable[[str], None]
    ) -> list[str]:
        """Run Go: each line of its standard error is logged and observed; return its output."""
        with log.open("a") as written, tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(
                ["go", *arguments],
                cwd=recipe.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
            )
            self._running.add(process)
            try:
                if self._stopped:
                    process.terminate()
                for line in process.stderr or ():
                    written.write(line)
                    observe(line.rstrip())
                code = process.wait()
            except BaseException:
                process.terminate()
                process.wait()
                raise
            finally:
                self._running.discard(process)
            if code != 0:
                written.flush()
                raise _failure(recipe.name, code, log)
            output.seek(0)
            return output.read().split()


class _Downloads:
    """Counts the modules that Go downloads."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._count = 0

    def __call__(self, line: str) -> None:
        if line.startswith("go: downloading "):
            self._count += 1
            self._step.update(f"{self._count} modules")


class _Compiled:
    """Counts the packages that Go compiles: it names each when it begins with it."""

    def __init__(self, step: Step, total: int) -> None:
        self._step = step
        self._count = 0
        self._total = total

    def __call__(self, line: str) -> None:
        if _PACKAGE.fullmatch(line) and self._count < self._total:
            self._count += 1
            done = (self._count - 1) / self._total  # the last one is the program itself: linking
            self._step.update(f"package {self._count} of {self._total}", done)


def _failure(name: str, code: int, log: Path) -> TenantplaneError:
    lines = log.read_text().splitlines()
    telling = [line for line in lines if not _is_progress(line)]
    shown = "\n".join(f"  {line}" for line in (telling or lines)[-_SHOWN_LINES:])
    return TenantplaneError(
        f"{name}: the build failed, got exit code {code}; its last lines are below, all of it is "
        f"in {log}\n{shown}"
    )


def _is_progress(line: str) -> bool:
    return bool(_PACKAGE.fullmatch(line)) or line.startswith("go: downloading ")


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of `go1.26.8` or `1.26.0`; release candidates count as their release."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
