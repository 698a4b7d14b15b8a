"""What runs where, as a table and as JSON."""
import os


def rows(cluster):
    """One for each member: name, address, pid (0: it does not run), what it is just now, log file."""
    states = cluster.balancer.states() if "haproxy" in cluster.store.members else {}
    master = None
    if not cluster.redis.is_cluster:
        try:
            master = cluster.redis.master()
        except Exception:  # pylint: disable=broad-except
            master = None  # then each tells what it believes itself
    found = []
    for member in cluster.store.members.values():
        alive = member.is_alive()
        found.append({"name": member.name, "address": member.address if member.port else "",
                      "pid": member.pid if alive else 0, "is": _what(cluster, member, states, master) if alive else "not running",
                      "log": os.path.relpath(member.log, cluster.store.folder)})
    return found


def _what(cluster, member, states, master):
    if member.kind == "redis":
        role = cluster.redis.info(member).get("role")
        if role is None:
            return "does not answer"
        if role == "master" and master not in (None, member):
            return "master that was replaced"
        return "master" if role == "master" else "replica"
    if member.kind in ("postgresql", "ferretdb"):
        return cluster.database.role(member)
    if member.kind == "gateway":
        state = states.get(member.name, "does not answer")
        return "takes requests" if state.startswith("UP") else f"HAProxy: {state}"
    return {"haproxy": "the shop's address", "supervisor": "promotes the standby"}.get(member.kind, "running")


def text(cluster):
    head = {"name": "name", "address": "address", "pid": "pid", "is": "is", "log": "log file"}
    lines = [head] + [{**row, "pid": str(row["pid"] or "-"), "address": row["address"] or "-"} for row in rows(cluster)]
    widths = {column: max(len(line[column]) for line in lines) for column in head}
    return "\n".join("  ".join(line[c].ljust(widths[c]) for c in head).rstrip() for line in lines)
