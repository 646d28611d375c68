import pytest

from core.errors import TenantplaneError
from rig.images import base


def test_the_user_of_the_images_has_a_name():
    """Python's getpass.getuser() fails without; kopf calls it."""
    (passwd,) = [file for file in base.files() if file.path == "/etc/passwd"]
    assert b"nonroot:x:65532:65532:" in passwd.content


def test_certificates_are_joined_with_a_line_end_each(tmp_path):
    (tmp_path / "b.crt").write_text("two")
    (tmp_path / "a.crt").write_text("one\n")
    (tmp_path / "README").write_text("no certificate")
    assert base.certificates(tmp_path) == b"one\ntwo\n"


def test_a_machine_without_certificates_is_told_how_to_get_them(tmp_path):
    with pytest.raises(TenantplaneError, match="apt-get install ca-certificates"):
        base.certificates(tmp_path)
