"""Kubernetes' own schemas, strict: a field that it does not know is an error, as is one of the wrong type."""
import json
import os
import subprocess
import sys
import tempfile
import warnings
import zipfile

import jsonschema
import place

warnings.filterwarnings("ignore", category=DeprecationWarning, module="schemas")  # Debian 12 has nothing newer
ARCHIVE = "kubernetes_validate-1.37.0-py3-none-any.whl"


def archive():
    """Fetched once, by pip, which compares it with requirements.txt."""
    path = os.path.join(place.cache(), ARCHIVE)
    if os.path.exists(path):
        return path
    with tempfile.TemporaryDirectory(dir=place.cache()) as folder:
        done = subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--dest", folder,
                               "--requirement", os.path.join(place.HERE, "requirements.txt")],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            place.skip("the schemas of Kubernetes cannot be fetched: " + (done.stderr.strip().splitlines() or ["?"])[-1])
        os.rename(os.path.join(folder, ARCHIVE), path)
    return path


class Schemas:
    """Of one version of Kubernetes."""

    def __init__(self, version):
        self.version = version
        self.files = zipfile.ZipFile(archive())  # pylint: disable=consider-using-with
        self.definitions = self._read("_definitions.json")

    def _read(self, name):
        path = f"kubernetes_validate/kubernetes-json-schema/v{self.version}-local-strict/{name}"
        return json.loads(self.files.read(path))

    def faults(self, document):
        """One line each; none when Kubernetes would take it."""
        group, _, version = document["apiVersion"].rpartition("/")
        name = "-".join(filter(None, [document["kind"].lower(), group.split(".")[0], version])) + ".json"
        try:
            schema = self._read(name)
        except KeyError:
            return [f"Kubernetes {self.version} has no {document['kind']} of {document['apiVersion']}"]
        resolver = jsonschema.RefResolver("/api/" + name, schema, store={"/api/_definitions.json": self.definitions})
        validator = jsonschema.Draft7Validator(schema, resolver=resolver)
        return [f"{'.'.join(str(p) for p in fault.absolute_path)}: {fault.message}" for fault in validator.iter_errors(document)]
