import os

from rig.hosts.native import private

SELF = (os.geteuid(), os.getegid())


def test_each_process_has_a_key_of_its_own_that_nobody_else_reads(layout):
    keys = set()
    for name in ("postgresql", "mariadb", "registry"):
        private.write(layout, name, {"x.conf": "x"}, SELF, layout.data / name)
        folder = private.folder(layout, name)
        keys.add((folder / "server.key").read_text())
        for file in ("x.conf", "server.key", "server.crt"):
            found = (folder / file).stat()
            assert (found.st_mode & 0o777, found.st_uid) == (0o600, SELF[0])
    assert len(keys) == 3


def test_its_user_gets_to_its_folders_whatever_the_umask(layout):
    before = os.umask(0o077)
    try:
        private.write(layout, "registry", {}, SELF, layout.data / "sql" / "registry")
    finally:
        os.umask(before)
    for folder in (
        layout.base / "hosts",
        layout.root,
        layout.run,
        layout.data,
        layout.data / "sql",
    ):
        assert folder.stat().st_mode & 0o001, folder
    assert layout.pki.stat().st_mode & 0o077 == 0
