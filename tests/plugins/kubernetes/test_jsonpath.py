import pytest

from core.errors import InvalidInputError
from rig.plugins.kubernetes.jsonpath import compile_path

OBJECT = {
    "status": {
        "phase": "Bound",
        "conditions": [
            {"type": "Ready", "status": "True", "n": 1},
            {"type": "Other", "status": "False"},
        ],
        "a.b": {"c": True},
    }
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".status.phase", ["Bound"]),
        ("$.status.phase", ["Bound"]),
        ("status.phase", ["Bound"]),
        ("$['status']['a.b'].c", [True]),
        ('$["status"]["phase"]', ["Bound"]),
        (".status.conditions[0].type", ["Ready"]),
        (".status.conditions[-1].type", ["Other"]),
        (".status.conditions[7].type", []),
        (".status.conditions[*].type", ["Ready", "Other"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        ("$.status.conditions[?@.type=='Other'].status", ["False"]),
        ('.status.conditions[?(@.type=="Ready" && @.status=="False")].type', []),
        ('.status.conditions[?(@.type=="X" || @.n==1)].type', ["Ready"]),
        ('.status.conditions[?(@.status!="True")].type', ["Other"]),
        (".status.conditions[?(@.n)].type", ["Ready"]),
        (".missing.more", []),
    ],
)
def test_paths_select(path, found):
    assert compile_path(path)(OBJECT) == found


@pytest.mark.parametrize("path", ["$..phase", ".a[1:2]", ".a[", "a b", "[?(length(@)>1)]"])
def test_what_is_not_understood_is_refused(path):
    with pytest.raises(InvalidInputError, match="is not understood by the offline plugin"):
        compile_path(path)
