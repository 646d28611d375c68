import sys

import pytest

from core.errors import TenantplaneError
from rig import run


def python(text):
    return [sys.executable, "-c", text]


def test_nothing_is_seen_of_what_works(capfd):
    run.quietly(python("print('much')"), "demo: failed")
    assert capfd.readouterr() == ("", "")


def test_a_failure_shows_its_last_lines_of_both_streams():
    text = "import sys; print('a\\nb\\nc', flush=True); sys.exit('d')"
    with pytest.raises(TenantplaneError) as caught:
        run.quietly(python(text), "demo: failed", shown_lines=3)
    assert str(caught.value) == (
        "demo: failed, got exit code 1; its last lines are below\n  b\n  c\n  d"
    )


def test_its_environment_is_what_is_said():
    text = "import os; raise SystemExit(os.environ.get('PINNED') != 'yes')"
    run.quietly(python(text), "demo: failed", env={"PINNED": "yes"})
    with pytest.raises(TenantplaneError):
        run.quietly(python(text), "demo: failed", env={})


def test_a_program_that_is_not_there_is_another_error():
    """Who calls it knows what to install."""
    with pytest.raises(FileNotFoundError):
        run.quietly(["no-such-program"], "demo: failed")
