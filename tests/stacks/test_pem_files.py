"""Certificates in a config are a path or a text."""

import pytest

from core.errors import InvalidInputError
from stacks import pem_files
from tests.support.mocks import pem

CERTIFICATE = pem("CERTIFICATE", "x")


def test_a_text_is_itself_and_a_path_is_read(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text(CERTIFICATE)
    assert pem_files.certificates(CERTIFICATE, "sql.pg.ca") == CERTIFICATE
    assert pem_files.certificates(str(path), "sql.pg.ca") == CERTIFICATE


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "the file can't be read (No such file or directory)"),
        (b"\xff", "the file is not PEM"),
        (b"key", "has no certificate"),
    ],
)
def test_anything_else_is_refused_by_its_key(tmp_path, content, problem):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError) as error:
        pem_files.certificates(str(path), "sql.pg.ca")
    assert str(error.value).startswith(f"sql.pg.ca: {problem}, got ")
