"""What no pod of an operator may be: a hostile template per rule, and what an engineer reads."""

import pytest

from core import names
from core.operators import refusals
from tests.support.operator_objects import IMAGE, container, template, wiring

THING = "operator demo, Deployment.apps ops/demo"


def said(pod, **wired):
    return [str(one) for one in refusals.problems(pod, wiring(**wired), "webhooks", THING)]


def with_container(**fields):
    return template(containers=[container(**fields)])


def with_volume(**source):
    return template(volumes=[{"name": "v", **source}])


def with_source(**source):
    return with_volume(projected={"sources": [source]})


def with_security(**security):
    return with_container(securityContext=security)


PLACE = "choose the node pool by the host's RuntimeClass, or leave it out"
VOLUMES = "use one of configMap, downwardAPI, emptyDir, persistentVolumeClaim, projected, secret"
ELSEWHERE = "take it from one of ghcr.io, or add its registry to `registries`"
ROOT = "runAsUser: is root, got 0; set another user id, 65532 if the image doesn't say"

EVERYWHERE = {"topologyKey": "kubernetes.io/hostname", "namespaceSelector": {}}
NEIGHBOURS = (
    "would keep the pods of others from nodes, or follow them; leave out namespaces and "
    "namespaceSelector"
)
ASKING = "would have its node ask others; leave it out"
RESTRICTED = "is more than Pod Security `restricted` admits; leave it out"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"

HOSTILE = {
    "hostNetwork": (
        template(hostNetwork=True),
        ", hostNetwork: would share it with its node; set it to false",
    ),
    "hostPID": (template(hostPID=True), ", hostPID: would share it with its node; set it to false"),
    "hostIPC": (template(hostIPC=True), ", hostIPC: would share it with its node; set it to false"),
    "nodeName": (
        template(nodeName="node-1"),
        ", nodeName: would pass by the scheduler; leave it out",
    ),
    "schedulerName": (
        template(schedulerName="mine"),
        ", schedulerName: would pass by the scheduler; leave it out",
    ),
    "nodeSelector": (
        template(nodeSelector={"kubernetes.io/os": "linux", "pool": "system"}),
        f", nodeSelector pool: would choose its node; {PLACE}",
    ),
    "nodeAffinity": (
        template(affinity={"nodeAffinity": {"requiredDuringScheduling...": {}}}),
        f", affinity.nodeAffinity: would choose its node; {PLACE}",
    ),
    "keeping others from its node": (
        template(affinity={"podAntiAffinity": {REQUIRED: [EVERYWHERE]}}),
        f", affinity.podAntiAffinity: {NEIGHBOURS}",
    ),
    "following others": (
        template(
            affinity={
                "podAffinity": {
                    PREFERRED: [
                        {"podAffinityTerm": {"namespaces": ["tenant-globex"]}, "weight": 100}
                    ]
                }
            }
        ),
        f", affinity.podAffinity: {NEIGHBOURS}",
    ),
    "tolerations": (
        template(tolerations=[{"operator": "Exists"}]),
        f", tolerations: would choose nodes kept for others; {PLACE}",
    ),
    "a pod that never ends": (
        template(terminationGracePeriodSeconds=86400),
        (
            ", terminationGracePeriodSeconds: would keep its node from being drained, got 86400; "
            "use 600 or less"
        ),
    ),
    "a pod that never starts": (
        template(schedulingGates=[{"name": "mine"}]),
        ", schedulingGates: would take devices or a place of its node; leave it out",
    ),
    "devices by a claim": (
        template(resourceClaims=[{"name": "gpu", "resourceClaimName": "gpu"}]),
        ", resourceClaims: would take devices or a place of its node; leave it out",
    ),
    "devices by their name": (
        with_container(resources={"limits": {"nvidia.com/gpu": 1}}),
        ", container main, resources nvidia.com/gpu: is a device of its node; leave it out",
    ),
    **{
        f"memory without a limit: {given!r}": (
            with_container(resources={"limits": {"memory": given}}),
            (
                f", container main, resources.limits.memory: is no limit, got {given!r}; write it "
                "like 512Mi, or leave it out for the usual one"
            ),
        )
        for given in ("0", 0, "0Mi", "-1Gi", "much", "1gb", "", None)
    },
    "memory without a limit at first": (
        template(initContainers=[container("first", resources={"limits": {"memory": "0"}})]),
        (
            ", container first, resources.limits.memory: is no limit, got '0'; write it like "
            "512Mi, or leave it out for the usual one"
        ),
    ),
    **{
        f"its node's disk: {given!r}": (
            with_container(resources={"limits": {"ephemeral-storage": given}}),
            (
                ", container main, resources.limits.ephemeral-storage: would let it fill its "
                f"node's disk, got {given!r}; use 10Gi or less, or a volume for what is larger"
            ),
        )
        for given in ("0", "11Gi", "1Ti", "much")
    },
    "a volume as a device": (
        with_container(volumeDevices=[{"name": "v", "devicePath": "/dev/xvda"}]),
        ", container main, volumeDevices: would be devices of its node; use volumeMounts",
    ),
    "a container that comes later": (
        template(ephemeralContainers=[container("later")]),
        ", ephemeralContainers: are for pods that run; leave them out",
    ),
    "hostPath": (
        with_volume(hostPath={"path": "/"}),
        f", volume v: is of a kind that no operator may have, got 'hostPath'; {VOLUMES}",
    ),
    "csi": (
        with_volume(csi={"driver": "x"}),
        f", volume v: is of a kind that no operator may have, got 'csi'; {VOLUMES}",
    ),
    "token for the host": (
        with_source(serviceAccountToken={"path": "t", "audience": "https://host.test"}),
        (
            ", volume v: asks for a token that is for somebody else, got 'https://host.test'; "
            "leave audience out"
        ),
    ),
    "certificate of the host": (
        with_source(podCertificate={"signerName": "kubernetes.io/kube-apiserver-client-pod"}),
        (
            ", volume v: has a source that no operator may have, got 'podCertificate'; use "
            "configMap, downwardAPI, secret, serviceAccountToken"
        ),
    ),
    "privileged": (
        with_security(privileged=True),
        ", container main, securityContext.privileged: would be root on its node; set it false",
    ),
    "root": (with_security(runAsUser=0), f", container main, securityContext.{ROOT}"),
    "root as a pod": (template(securityContext={"runAsUser": 0}), f", securityContext.{ROOT}"),
    "capability": (
        with_security(capabilities={"add": ["NET_BIND_SERVICE", "SYS_ADMIN"]}),
        ", container main, capability SYS_ADMIN: is more than pods of a tenant have; leave it out",
    ),
    "hostPort": (
        with_container(ports=[{"containerPort": 80, "hostPort": 80}]),
        ", container main, hostPort: would be a port of its node; leave it out",
    ),
    "unmasked /proc": (
        with_security(procMount="Unmasked"),
        f", container main, securityContext.procMount: {RESTRICTED}",
    ),
    "no AppArmor": (
        with_security(appArmorProfile={"type": "Unconfined"}),
        f", container main, securityContext.appArmorProfile: {RESTRICTED}",
    ),
    "another SELinux type": (
        template(securityContext={"seLinuxOptions": {"type": "spc_t"}}),
        f", securityContext.seLinuxOptions: {RESTRICTED}",
    ),
    "process of a Windows host": (
        template(securityContext={"windowsOptions": {"hostProcess": True}}),
        f", securityContext.windowsOptions: {RESTRICTED}",
    ),
    "probe of a neighbour": (
        with_container(readinessProbe={"httpGet": {"host": "169.254.169.254", "port": 80}}),
        f", container main, readinessProbe.httpGet.host: {ASKING}",
    ),
    "last words to a neighbour": (
        with_container(lifecycle={"preStop": {"tcpSocket": {"host": "10.0.0.1", "port": 22}}}),
        f", container main, lifecycle.preStop.tcpSocket.host: {ASKING}",
    ),
    "image": (
        with_container(image="evil.test/x"),
        f", container main, image: comes from elsewhere, got 'evil.test/x'; {ELSEWHERE}",
    ),
    "image of Docker Hub": (
        with_container(image="nginx"),
        (
            ", container main, image: comes from elsewhere, got 'docker.io/library/nginx'; "
            f"{ELSEWHERE}"
        ),
    ),
    "no name": (
        with_volume(secret={"secretName": None}),
        ": uses a Secret without a name; see which value gives the name, and set it",
    ),
    "label of the platform": (
        template({"app": "demo", names.LABEL_PART_OF: names.PART_OF}),
        (
            ", label app.kubernetes.io/part-of: can't be an operator's; leave it out: it is the "
            "platform's own"
        ),
    ),
    "label of another operator": (
        template({names.LABEL_OPERATOR: "other"}),
        (
            ", label tenantplane.dev/operator: can't be an operator's; leave it out: it is the "
            "platform's own"
        ),
    ),
}


@pytest.mark.parametrize(("pod", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_pod_is_refused_in_words_that_help(pod, message):
    assert said(pod) == [THING + message]


@pytest.mark.parametrize("first", [False, True], ids=["containers", "initContainers"])
def test_containers_that_start_first_are_judged_like_the_others(first):
    evil = container("evil", image="evil.test/x", securityContext={"privileged": True})
    pod = template(initContainers=[evil]) if first else template(containers=[evil])
    assert [one.partition(", container evil, ")[2].partition(":")[0] for one in said(pod)] == [
        "securityContext.privileged",
        "image",
    ]


def test_everything_is_said_at_once():
    pod = template(
        containers=[container(image="evil.test/x", securityContext={"runAsUser": 0})],
        hostNetwork=True,
        volumes=[{"name": "root", "hostPath": {"path": "/"}}],
    )
    assert len(said(pod)) == 4


HARMLESS = {
    "nothing": template(),
    "empty": {"spec": {}},
    "nothing set": template(
        affinity={},
        hostNetwork=False,
        nodeName="",
        nodeSelector=None,
        tolerations=[],
        volumes=None,
        securityContext=None,
    ),
    "the usual scheduler": template(schedulerName="default-scheduler"),
    "the machine's kind": template(
        nodeSelector={"kubernetes.io/os": "linux", "kubernetes.io/arch": "arm64"}
    ),
    "apart from its like": template(
        affinity={
            "podAntiAffinity": {
                REQUIRED: [
                    {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {}}}
                ]
            }
        }
    ),
    "apart from its like by the namespace's name": template(
        affinity={
            "podAntiAffinity": {
                REQUIRED: [{"topologyKey": "kubernetes.io/hostname", "namespaces": ["webhooks"]}]
            }
        }
    ),
    "what it takes of its node": with_container(
        resources={"limits": {"memory": "1Gi", "ephemeral-storage": "1Gi"}, "requests": {"cpu": 1}}
    ),
    "a limit of few bytes": with_container(resources={"limits": {"memory": "1"}}),
    "a limit as a number": with_container(resources={"limits": {"memory": 2**30}}),
    "ten minutes to end": template(terminationGracePeriodSeconds=600),
    "low ports": with_security(capabilities={"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}),
    "its own token": with_source(serviceAccountToken={"path": "t"}),
    "a token for its tenant": with_source(
        serviceAccountToken={"path": "t", "audience": wiring().audience}
    ),
    "confined as usual": with_security(
        appArmorProfile={"type": "RuntimeDefault"},
        procMount="Default",
        seLinuxOptions={"level": "s0:c1"},
        windowsOptions=None,
    ),
    "probed as usual": with_container(
        livenessProbe={"httpGet": {"path": "/healthz", "port": 8080}},
        lifecycle={"preStop": {"sleep": {"seconds": 5}}},
    ),
    "part of something else": template({names.LABEL_PART_OF: "argocd"}),
}


@pytest.mark.parametrize("pod", HARMLESS.values(), ids=HARMLESS)
def test_what_harms_nobody_is_let_be(pod):
    assert said(pod) == []


@pytest.mark.parametrize("kind", refusals.VOLUMES)
def test_volumes_of_the_pods_own_are_let_be(kind):
    source = {"name": "a", "secretName": "a", "claimName": "a"}
    assert said(with_volume(**{kind: source})) == []


def test_an_image_is_judged_by_where_it_comes_from_in_the_end():
    """With `images.registry` everything comes from one place, whatever the chart says."""
    pod = with_container(image="evil.test/x")
    assert said(pod, registry="mirror.test", registries=("mirror.test",)) == []
    (message,) = said(pod, registry="mirror.test")
    assert "got 'mirror.test/x'" in message


def test_where_no_registry_is_allowed_the_error_says_so():
    (message,) = said(template(), registries=())
    assert message.endswith(
        f"got '{IMAGE}'; take it from one of none, or add its registry to `registries`"
    )
