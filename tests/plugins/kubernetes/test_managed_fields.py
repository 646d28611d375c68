from rig.plugins.kubernetes import managed_fields


def entry(manager, operation, fields, **more):
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


def obj(*records):
    return {"metadata": {"managedFields": list(records)}}


def test_what_was_created_for_a_manager_becomes_its_own():
    """Else a label that leaves the program would stay on the object for ever."""
    created = entry("pulumi-kubernetes", "Update", {"f:a": {}}, apiVersion="v1")
    other = entry("kube-controller-manager", "Update", {"f:s": {}}, subresource="status")
    assert managed_fields.takeover(obj(created, other), "mine") == [
        other,
        entry("mine", "Apply", {"f:a": {}}, apiVersion="v1"),
    ]


def test_what_it_has_already_is_kept():
    mine = entry("mine", "Apply", {"f:a": {"f:b": {}}})
    theirs = entry("kubectl-edit", "Update", {"f:a": {"f:c": {}}, "f:d": {}})
    (taken,) = managed_fields.takeover(obj(mine, theirs), "mine")
    assert taken["fieldsV1"] == {"f:a": {"f:b": {}, "f:c": {}}, "f:d": {}}


def test_nothing_changes_when_there_is_nothing_to_take():
    mine, other = entry("mine", "Apply", {}), entry("agent", "Apply", {})
    status = entry("pulumi-kubernetes", "Update", {}, subresource="status")
    assert managed_fields.takeover(obj(mine, other, status), "mine") is None


def test_who_manages_a_field_is_known_down_to_its_name():
    mine = entry("mine", "Apply", {"f:spec": {"f:a": {}}})
    theirs = entry("agent", "Update", {"f:spec": {"f:b": {"f:c": {}}}})
    found = obj(mine, theirs)
    assert managed_fields.has(found, ["spec", "a"], "mine", others=False)
    assert not managed_fields.has(found, ["spec", "a"], "mine", others=True)
    assert managed_fields.has(found, ["spec", "b"], "mine", others=True)
    assert not managed_fields.has(found, ["spec", "z"], "mine", others=True)


def test_objects_that_were_only_created_are_told_apart():
    assert managed_fields.created_by_plugin(obj(entry("pulumi-kubernetes", "Update", {})))
    assert not managed_fields.created_by_plugin(obj(entry("pulumi-kubernetes-1", "Apply", {})))
