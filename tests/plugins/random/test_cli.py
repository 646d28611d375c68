"""The random plugin under the real engine."""

import pytest

pytestmark = pytest.mark.processes

PROGRAM = """
import pulumi, pulumi_random as random
password = random.RandomPassword("password", length=24, keepers={"generation": "1"})
name = random.RandomId("name", byte_length=4)
data = random.RandomBytes("data", length=16)
pulumi.export("password", password.result)
pulumi.export("name", name.hex)
pulumi.export("data", data.hex)
"""
IMPORTED = """
import pulumi, pulumi_random as random
random.RandomPassword(
    "password", length=7, special=True, upper=True, lower=True, numeric=True, number=True,
    opts=pulumi.ResourceOptions(import_="hunter2"),
)
random.RandomId("name", byte_length=5, opts=pulumi.ResourceOptions(import_="aGVsbG8"))
"""


def test_values_live_and_stay_secret(workspace):
    project = workspace(PROGRAM)
    assert set(project.preview().values()) == {"create"}
    text = project.up().stdout
    outputs = project.outputs()
    exported = project.export()
    assert outputs["password"] not in text + exported
    assert outputs["data"] not in text + exported
    assert outputs["name"] in exported  # a name is no secret

    project.run("refresh", "--yes", "--expect-no-changes")
    project.up("--expect-no-changes")

    project.program(PROGRAM.replace('"generation": "1"', '"generation": "2"'))
    assert project.preview()["password"] == "replace"
    project.up()
    assert project.outputs()["password"] != outputs["password"]
    assert project.outputs()["name"] == outputs["name"]

    project.run("destroy", "--yes", "--skip-preview")
    assert project.state() == {}


def test_existing_values_are_imported(workspace):
    project = workspace(IMPORTED)
    project.up()
    state = project.state()
    assert state["name"]["outputs"]["hex"] == "68656c6c6f"
    assert '"hunter2"' in str(state["password"]["outputs"]["result"])
    project.up("--expect-no-changes")
