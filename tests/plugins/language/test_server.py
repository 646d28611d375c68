import sys
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime.proto.source_pb2 import SourcePosition, StackFrame

from rig.plugins.language import engine, packages, server


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"virtualenv": "elsewhere"}, "virtualenv: is not the one that this toolchain runs in"),
        ({"toolchain": "poetry"}, "runtime option toolchain: is not offered"),
        ({"typechecker": "mypy"}, "runtime option typechecker: is not offered"),
        ({"surprise": True}, "runtime option surprise: is not offered"),
    ],
)
def test_options_that_would_be_ignored_are_refused(tmp_path, options, says):
    """A program that silently runs in another environment is worse than one that doesn't run."""
    assert says in server.wrong_option(options, tmp_path)


def test_the_environment_that_it_runs_in_is_accepted():
    prefix = Path(sys.prefix)
    options = {"virtualenv": prefix.name, "toolchain": "pip"}
    assert server.wrong_option(options, prefix.parent) is None
    assert server.wrong_option({"virtualenv": sys.prefix}, Path("/")) is None
    assert server.wrong_option({}, Path("/")) is None


def test_packages_with_a_stand_in_are_required_in_the_version_of_their_sdk():
    """The official host names these; gcp has no stand-in, and must not be asked for."""
    required = packages.required()
    assert set(required) == {"kubernetes", "random", "tls"}
    assert required["tls"].count(".") == 2


@pytest.mark.parametrize(
    ("code", "says"), [(0, ""), (1, "ended with exit code 1"), (-9, "was ended by SIGKILL")]
)
def test_the_end_of_a_program_is_told(code, says):
    assert says in server._end(code)


def test_only_the_programs_own_calls_are_kept():
    """The rest is the SDK's, Python's and this host's, in every resource of the state."""
    sdk = Path(pulumi.runtime.__file__).parent / "stack.py"
    files = ["/checkout/components/_certificates.py", "/checkout/stacks/dev.py", sdk, "/x/main.py"]
    uris = [Path(file).as_uri() for file in files]
    frames = [StackFrame(pc=SourcePosition(uri=uri, line=1)) for uri in uris]
    assert engine.program_frames(frames) == 2
    assert engine.program_frames(frames[:2]) == 2
    assert engine.program_frames([]) == 0
