"""deploy/grafana as the tests read it."""
import json
import os

from watch import DEPLOY, read

FOLDER = os.path.join(DEPLOY, "grafana", "dashboards")
DASHBOARDS = {name: json.loads(read(FOLDER, name)) for name in sorted(os.listdir(FOLDER))}
# Only a shared shop tells of these.
SHARED_ONLY = 'dependency=~"database|redis"'


def queries():
    """(where it stands, query) of every panel, with Grafana's variables filled in as it does when all is chosen."""
    for name, dashboard in DASHBOARDS.items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                query = target["expr"].replace("$__rate_interval", "20s").replace("$product", ".*")
                assert "$" not in query, query
                yield f"{name}: {panel['title']}", query
