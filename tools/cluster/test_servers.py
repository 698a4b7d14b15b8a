"""What tests/servers/ knows of servers, used here too rather than written twice."""
import os
import sys

from .store import ROOT

sys.path.insert(0, os.path.join(ROOT, "tests", "servers"))

# pylint: disable=wrong-import-position
import ferretdb_server  # noqa: E402
import postgresql_server  # noqa: E402

postgresql_programs = postgresql_server.programs
postgresql_account = postgresql_server.somebody_else
ferretdb_program = ferretdb_server.built  # builds it if need be
MissingServer = ferretdb_server.Missing
