"""The manifests of deploy/kubernetes: Kubernetes takes them, they fit each other, and what they set the program has."""
import copy
import glob
import os
import re
import unittest

import place

try:
    import jsonschema  # noqa: F401  pylint: disable=unused-import
    import yaml
except ImportError as missing:
    place.skip(f"{missing}: python3-jsonschema and python3-yaml are Debian packages")

import schemas  # noqa: E402

schemas.archive()

FOLDER = os.path.join(place.ROOT, "deploy", "kubernetes")
VERSIONS = ("1.25.0", "1.37.0")  # the oldest that has everything used, and the newest known
KEDA = {  # what of a ScaledObject is used here; its schema comes in no package
    "spec": {"scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval", "fallback", "triggers", "advanced"},
    "trigger": {"type", "metricType", "metadata"}, "metadata": {"serverAddress", "query", "threshold"},
}


def documents(pattern="*.yaml"):
    out = []
    for path in sorted(glob.glob(os.path.join(FOLDER, pattern))):
        out += [document for document in yaml.safe_load_all(place.read(path)) if document]
    return out


ALL = documents()


def of_kind(*kinds):
    return [document for document in ALL if document["kind"] in kinds]


def pods():
    return {d["metadata"]["name"]: d["spec"]["template"] for d in of_kind("Deployment", "Job")}


def one(kind, name):
    found = [d for d in of_kind(kind) if d["metadata"]["name"] == name]
    assert len(found) == 1, f"{kind} {name}: {len(found)}"
    return found[0]


def seconds(text):
    return float(re.fullmatch(r"([\d.]+)s", text).group(1))


class Taken(unittest.TestCase):
    """By Kubernetes."""

    def test_schemas_know_every_field(self):
        for version in VERSIONS:
            known = schemas.Schemas(version)
            for document in ALL:
                with self.subTest(version=version, kind=document["kind"], name=document["metadata"]["name"]):
                    self.assertEqual([], known.faults(document))

    def test_what_is_wrong_is_seen(self):
        """Of the check itself: a spelling, a type, a kind, a missing field."""
        known = schemas.Schemas(VERSIONS[-1])
        good = one("Deployment", "scalemart-gateway")

        def broken(change):
            document = copy.deepcopy(good)
            change(document, document["spec"]["template"]["spec"]["containers"][0])
            return known.faults(document)
        self.assertEqual([], broken(lambda d, c: None))
        self.assertTrue(broken(lambda d, c: c.update(readynessProbe=c["readinessProbe"])))
        self.assertTrue(broken(lambda d, c: c["ports"][0].update(containerPort="3000")))
        self.assertTrue(broken(lambda d, c: d["spec"].pop("selector")))
        self.assertTrue(broken(lambda d, c: d.update(apiVersion="apps/v0")))

    def test_everything_is_in_the_namespace(self):
        for document in ALL + documents("keda/*.yaml"):
            if document["kind"] != "Namespace":
                self.assertEqual("scalemart", document["metadata"].get("namespace"), document["metadata"]["name"])


class Fits(unittest.TestCase):
    """Each other."""

    def test_selectors_find_their_pods(self):
        labels = {name: template["metadata"]["labels"] for name, template in pods().items()}
        for document in of_kind("Deployment", "PodDisruptionBudget", "Service"):
            wanted = document["spec"]["selector"]
            wanted = wanted.get("matchLabels", wanted)
            name = "scalemart-gateway" if document["kind"] == "Service" else document["metadata"]["name"]
            found = [pod for pod, has in labels.items() if wanted.items() <= has.items()]
            self.assertEqual([name], found, document["kind"])
        for document in of_kind("NetworkPolicy"):
            wanted = document["spec"]["podSelector"].get("matchLabels", {})
            self.assertTrue(any(wanted.items() <= has.items() for has in labels.values()), document["metadata"]["name"])

    def test_ports_and_volumes_have_their_names(self):
        for name, template in pods().items():
            spec = template["spec"]
            container = spec["containers"][0]
            ports = {port["name"] for port in container.get("ports", [])}
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                if probe in container:
                    self.assertIn(container[probe]["httpGet"]["port"], ports)
            self.assertEqual({v["name"] for v in spec["volumes"]}, {m["name"] for m in container["volumeMounts"]}, name)
        self.assertEqual("http", one("Service", "scalemart")["spec"]["ports"][0]["targetPort"])

    def test_autoscalers_scale_what_is_there_and_nobody_else_does(self):
        deployments = {d["metadata"]["name"]: d for d in of_kind("Deployment")}
        targets = [d["spec"]["scaleTargetRef"]["name"] for d in of_kind("HorizontalPodAutoscaler")]
        self.assertEqual(set(deployments), set(targets))
        for document in deployments.values():
            self.assertNotIn("replicas", document["spec"], "an apply would undo what the autoscaler did")
        self.assertEqual(len(targets), len(set(targets)))

    def test_keda_says_what_the_autoscaler_says(self):
        scaled, other = documents("keda/*.yaml")[0], one("HorizontalPodAutoscaler", "scalemart-worker")
        spec = scaled["spec"]
        self.assertEqual(("keda.sh/v1alpha1", "ScaledObject"), (scaled["apiVersion"], scaled["kind"]))
        self.assertLessEqual(set(spec), KEDA["spec"])
        trigger = spec["triggers"][0]
        self.assertEqual(KEDA["trigger"], set(trigger))
        self.assertEqual(KEDA["metadata"], set(trigger["metadata"]))
        self.assertEqual(other["spec"]["scaleTargetRef"]["name"], spec["scaleTargetRef"]["name"])
        self.assertEqual((other["spec"]["minReplicas"], other["spec"]["maxReplicas"]), (spec["minReplicaCount"], spec["maxReplicaCount"]))
        external = other["spec"]["metrics"][0]["external"]
        self.assertEqual(external["target"]["value"], trigger["metadata"]["threshold"])
        self.assertIn(external["metric"]["name"] + '{stage="payment"}', trigger["metadata"]["query"])
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        self.assertEqual(other["spec"]["behavior"], behavior)

    def test_a_drain_is_over_before_its_time_is(self):
        for document in of_kind("Deployment"):
            name, template = document["metadata"]["name"], document["spec"]["template"]
            container = template["spec"]["containers"][0]
            env = {e["name"]: e.get("value") for e in container["env"]}
            drain = seconds(env.get("SCALEMART_DRAIN_DELAY", "0s")) + seconds(env.get("SCALEMART_DRAIN_TIMEOUT", "7s"))
            self.assertGreater(template["spec"]["terminationGracePeriodSeconds"], drain + 10, name)
            if name == "scalemart-gateway":
                ready = container["readinessProbe"]
                self.assertGreaterEqual(seconds(env["SCALEMART_DRAIN_DELAY"]), ready["periodSeconds"] * ready["failureThreshold"])


class OfTheProgram(unittest.TestCase):
    def test_settings_are_the_programs(self):
        known = set(re.findall(r"^(SCALEMART_[A-Z_]+)=", place.run(place.BINARY, "config", env={}).stdout, flags=re.M))
        used = {}
        for document in of_kind("ConfigMap"):
            used.update(document["data"])
        for template in pods().values():
            used.update({e["name"]: e.get("value") for e in template["spec"]["containers"][0]["env"]})
        ours = {name: value for name, value in used.items() if name.startswith("SCALEMART_")}
        for name in ours:
            self.assertIn(name.removesuffix("_FILE"), known)
        values = {name: value for name, value in ours.items() if not name.endswith("_FILE")}
        place.run(place.BINARY, "config", env=values)  # and takes their values

    def test_secrets_are_files_that_are_mounted(self):
        for name, template in pods().items():
            spec = template["spec"]
            container = spec["containers"][0]
            mounts = {m["mountPath"]: m for m in container["volumeMounts"]}
            volumes = {v["name"]: v for v in spec["volumes"]}
            for variable in container["env"]:
                self.assertNotIn("secretKeyRef", str(variable), "a secret in the environment")
                if variable["name"].endswith("_FILE"):
                    folder, key = variable["value"].rsplit("/", 1)
                    mount = mounts[folder]
                    self.assertTrue(mount["readOnly"])
                    secret = volumes[mount["name"]]["secret"]
                    self.assertEqual(0o440, secret["defaultMode"])
                    if "items" in secret:
                        self.assertIn(key, [item["path"] for item in secret["items"]], name)

    def test_commands_are_the_programs(self):
        for name, template in pods().items():
            command = [word for word in template["spec"]["containers"][0]["args"] if not word.startswith(("-", "$"))]
            place.run(place.BINARY, *command, "--help")
            self.assertNotIn("command", template["spec"]["containers"][0], name)

    def test_the_image_is_this_version(self):
        version = re.search(r"project\(scalemart VERSION ([\d.]+)", place.read(place.ROOT, "CMakeLists.txt")).group(1)
        for name, template in pods().items():
            self.assertEqual(f"scalemart:{version}", template["spec"]["containers"][0]["image"], name)

    def test_probes_are_routes_of_the_program(self):
        routes = place.read(place.ROOT, "api", "openapi.json")
        gateway = pods()["scalemart-gateway"]["spec"]["containers"][0]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            self.assertIn(f'"{gateway[probe]["httpGet"]["path"]}"', routes)
        self.assertEqual("/readyz", gateway["readinessProbe"]["httpGet"]["path"])
        self.assertEqual("/healthz", gateway["livenessProbe"]["httpGet"]["path"], "what is cut off is not killed for it")
        listen = {e["name"]: e.get("value") for e in gateway["env"]}["SCALEMART_LISTEN"]
        self.assertEqual(int(listen.rsplit(":", 1)[1]), gateway["ports"][0]["containerPort"])

    def test_the_metric_exists(self):
        name = one("HorizontalPodAutoscaler", "scalemart-worker")["spec"]["metrics"][0]["external"]["metric"]["name"]
        self.assertRegex(place.read(place.ROOT, "tests", "golden", "metrics.txt"), rf"(?m)^{name}\b")


class Rights(unittest.TestCase):
    def test_pods_have_none_they_do_not_need(self):
        user = re.search(r"(?m)^USER (\d+)$", place.read(place.ROOT, "deploy", "Containerfile")).group(1)
        for name, template in pods().items():
            with self.subTest(name):
                spec, container = template["spec"], template["spec"]["containers"][0]
                self.assertFalse(spec["automountServiceAccountToken"])
                pod = spec["securityContext"]
                self.assertTrue(pod["runAsNonRoot"])
                self.assertEqual(int(user), pod["runAsUser"])
                self.assertEqual("RuntimeDefault", pod["seccompProfile"]["type"])
                rights = container["securityContext"]
                self.assertEqual((False, True, ["ALL"]), (rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"],
                                                          rights["capabilities"]["drop"]))
                self.assertIn("memory", container["resources"]["limits"])
                for field in ("hostNetwork", "hostPID", "hostIPC"):
                    self.assertNotIn(field, spec)

    def test_nobody_comes_in_unless_a_policy_says_so(self):
        nobody = one("NetworkPolicy", "scalemart-nobody")["spec"]
        self.assertEqual(({}, ["Ingress", "Egress"]), (nobody["podSelector"], nobody["policyTypes"]))
        self.assertNotIn("ingress", nobody)
        self.assertNotIn("egress", nobody)
        self.assertEqual("restricted", of_kind("Namespace")[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
