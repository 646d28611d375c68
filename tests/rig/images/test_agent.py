import pytest

from rig.images import agent
from rig.images.python import Python
from rig.progress import Silent


@pytest.fixture
def project(tmp_path):
    """A checkout with an agent."""
    for path in ("agent/__main__.py", "agent/handlers/x.py", "core/names.py", "stacks/dev.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"# {path}\n")
    return tmp_path


def test_its_python_has_what_the_agent_requires_and_none_of_its_sources(project, monkeypatch):
    """An edit of the agent costs no download."""
    monkeypatch.setattr(Python, "layer", lambda wanted, _report: wanted)
    wanted = agent.python_layer(project, Silent())
    assert wanted.requirements == project / "agent" / "requirements.txt"
    assert wanted.packages in agent.CONFIG.environment["PYTHONPATH"].split(":")


def test_the_sources_are_the_agent_and_core_and_no_more(project):
    paths = [file.path for file in agent.sources(project)]
    assert paths == [
        "/opt/agent/agent/__main__.py",
        "/opt/agent/agent/handlers/x.py",
        "/opt/agent/core/names.py",
    ]
