"""Manifests are files as kubectl takes them, and what is wrong is told by file and line."""

import pytest

from core.errors import InvalidInputError
from stacks import manifest_files
from tests.support import charts

KEY = "tenants[0].operators[0].manifests"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


def names(given):
    return [obj["metadata"]["name"] for obj in manifest_files.objects(str(given), KEY)]


def test_a_file_may_have_many_documents_and_lists(tmp_path):
    secret = '{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}}'
    listed = f'{{"apiVersion": "v1", "kind": "List", "items": [{secret}]}}'
    file = tmp_path / "all.yaml"
    file.write_text(f"# mine\n---\n{MAP % 'a'}---\n---\n{listed}\n---\n{MAP % 'c'}")
    assert names(file) == ["a", "b", "c"]


def test_a_folder_is_all_its_yaml_files_by_name(tmp_path):
    """As for kubectl: what is deeper, or named otherwise, is not meant."""
    for name in ("2.yml", "1.yaml", "3.json", "README.md", "old/0.yaml"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(MAP % f"of-{file.stem}")
    assert names(tmp_path) == ["of-1", "of-2", "of-3"]


def test_a_path_is_relative_to_the_project_or_the_home(tmp_path, monkeypatch):
    (tmp_path / "a.yaml").write_text(MAP % "a")
    monkeypatch.chdir(tmp_path)
    assert names("a.yaml") == ["a"]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir("/")
    assert names("~/a.yaml") == ["a"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MAP % "a" + "---\nx: {a", "a.yaml: is not YAML at line 6: did not find expected"),
        (MAP % "a" + "---\n- a\n", "a.yaml, line 5: is no object, got 'list'"),
        (MAP % "a" + "---\nkind: Secret\n", "a.yaml, line 5: Secret has no apiVersion"),
        (MAP % "''", "a.yaml, line 1: ConfigMap has no metadata.name"),
        ("# nothing\n", r"has no objects, got '.*/a\.yaml'; put manifests there"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_line(tmp_path, text, says):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match=says) as error:
        names(tmp_path / "a.yaml")
    assert str(error.value).startswith(f"{KEY}: ")


def test_a_file_that_can_not_be_read_is_refused_by_its_key(tmp_path):
    says = r"can't be read \(No such file or directory\), got '.*/absent\.yaml'; "
    with pytest.raises(InvalidInputError, match=says):
        names(tmp_path / "absent.yaml")
    (tmp_path / "a.yaml").write_bytes(b"\xff")
    with pytest.raises(
        InvalidInputError, match=r"the file is not text, got '.*/a\.yaml'; give the"
    ):
        names(tmp_path / "a.yaml")


def test_a_folder_without_manifests_is_refused(tmp_path):
    (tmp_path / "Chart.md").touch()
    says = rf"the folder has no YAML file, got '.*/{tmp_path.name}'; put manifests"
    with pytest.raises(InvalidInputError, match=says):
        names(tmp_path)


@pytest.mark.processes
def test_a_real_installation_manifest_is_read_whole():
    assert len(names(charts.argo_cd_manifests())) == 60
