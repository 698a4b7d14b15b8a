"""PostgreSQL: a primary and its synchronous standby.

pair.json says which server takes writes, and which standby is known to have all that was ever acknowledged: nobody else may be
promoted. Only the command that holds the cluster's lock changes it.
"""
import contextlib
import json
import os
import shutil
import signal
import subprocess

from .machine import Problem, free_port, processes_in, wait_until
from .member import Member
from .store import ROOT, write
from .test_servers import postgresql_account, postgresql_programs

CONF = os.path.join(ROOT, "deploy", "postgresql", "postgresql.conf")
USER = DATABASE = "shop"


class PostgresServers:
    def __init__(self, store, hosts):
        self.store, self.hosts = store, hosts
        self.programs = postgresql_programs()
        if self.programs is None:
            raise Problem("PostgreSQL is not installed: apt-get install postgresql")
        self.account = postgresql_account()

    # --- who is what ---
    @property
    def _pair_file(self):
        return os.path.join(self.store.folder, "pair.json")

    def pair(self):
        with open(self._pair_file, encoding="ascii") as file:
            return json.load(file)

    def _write_pair(self, primary, synchronous):
        write(self._pair_file, json.dumps({"primary": primary, "synchronous": synchronous}) + "\n")

    def primary(self):
        return self.store.members[self.pair()["primary"]]

    def standby(self):
        return next(m for m in self.store.of("postgresql") if m.name != self.pair()["primary"])

    def role(self, server):
        if not server.is_alive():
            return ""
        pair = self.pair()
        if server.name == pair["primary"]:
            return "primary" if pair["synchronous"] else "primary, alone: no second copy"
        return "synchronous standby" if server.name == pair["synchronous"] else "standby, not yet synchronous"

    # --- once ---
    def set_up(self):
        for name in ("postgres-1", "postgres-2"):
            host = self.hosts.get(name, "127.0.0.1")
            folder = os.path.join(self.store.folder, name)
            port = free_port(host)
            command = [os.path.join(self.programs, "postgres"), "-D", os.path.join(folder, "data"), "-p", str(port),
                       "-c", f"config_file={folder}/postgresql.conf", "-c", f"listen_addresses={host}",
                       "-c", "unix_socket_directories="]
            self.store.add(Member(name, "postgresql", host, port, folder, command, account=self.account,
                                  stop_signal=signal.SIGINT))  # does not wait for clients
            shutil.copy(CONF, os.path.join(folder, "postgresql.conf"))
            os.chmod(os.path.join(folder, "postgresql.conf"), 0o644)
            self._give_away(folder)
        first, second = self.store.of("postgresql")
        self._make_first(first)
        self._write_pair(first.name, None)
        self.follow(second, first)

    def _give_away(self, path):
        if self.account:
            os.chown(path, self.account["user"], self.account["group"])

    def _make_first(self, server):
        password = os.path.join(server.folder, "password")
        write(password, self.store.secret("postgres") + "\n")
        self._give_away(password)
        self._run(server, "initdb", "-D", os.path.join(server.folder, "data"), "-U", "postgres", "-A", "scram-sha-256",
                  "--pwfile", password, "-E", "UTF8", "--no-locale", "--no-instructions")
        os.unlink(password)
        with open(os.path.join(server.folder, "data", "pg_hba.conf"), "a", encoding="ascii") as file:
            file.write("host all all samenet scram-sha-256\nhost replication standby samenet scram-sha-256\n")
        self.launch(server)
        self.sql(server, f"CREATE ROLE {USER} LOGIN PASSWORD '{self.store.secret('postgres_shop')}'")
        self.sql(server, f"GRANT pg_monitor TO {USER}")  # so that the program sees whether the standby is synchronous
        self.sql(server, f"CREATE ROLE standby LOGIN REPLICATION PASSWORD '{self.store.secret('postgres_standby')}'")
        self.sql(server, f"CREATE DATABASE {DATABASE} OWNER {USER}")

    def launch(self, server):
        data = os.path.join(server.folder, "data")
        if not processes_in(data):
            # It ended without taking this away; its number may be somebody else's now, or a zombie's.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(data, "postmaster.pid"))
        server.launch()
        self.store.save()
        wait_until(lambda: self._answers(server), 60, lambda: f"{server.name} answers: {server.last_words()}")

    def _answers(self, server):
        if not server.is_alive():
            raise Problem(f"{server.name} ended: {server.last_words()}")
        return self.accepts(server)

    def follow(self, server, primary):
        """A new copy of the primary, which is not finished before every commit waits for it."""
        data = os.path.join(server.folder, "data")
        shutil.rmtree(data, ignore_errors=True)
        self._run(server, "pg_basebackup", "-D", data, "-c", "fast", "-R", "-X", "stream", "-d",
                  f"host={primary.host} port={primary.port} user=standby application_name={server.name}",
                  password="postgres_standby")
        self.launch(server)
        self.sql(primary, f"ALTER SYSTEM SET synchronous_standby_names = '\"{server.name}\"'")
        self.sql(primary, "SELECT pg_reload_conf()")
        synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'"
        wait_until(lambda: self.sql(primary, synchronous) == "1", 60,
                   lambda: f"{server.name} is synchronous: {server.last_words()}")
        self._write_pair(primary.name, server.name)

    # --- afterwards ---
    def start(self, server):
        """One that was there before."""
        pair = self.pair()
        if server.name in (pair["primary"], pair["synchronous"]):
            self.launch(server)  # nobody took its place meanwhile
            return
        primary = self.primary()
        if not primary.is_alive():
            raise Problem(f"{server.name} must be copied from {primary.name}, which does not run: start that one first")
        self.follow(server, primary)

    def promote(self):
        """Puts the standby in the primary's place, whom nothing can wake up again afterwards."""
        pair, old, new = self.pair(), self.primary(), self.standby()
        if pair["synchronous"] != new.name:
            raise Problem(f"{new.name} may lack orders that were acknowledged: it is not promoted. Start {old.name}")
        if not new.is_alive():
            raise Problem(f"{new.name} does not run either: start {old.name}")
        old.kill()
        wait_until(lambda: not processes_in(os.path.join(old.folder, "data")), 10, f"nothing of {old.name} is left")
        self.sql(new, "SELECT pg_promote(true, 30)")
        self._write_pair(new.name, None)
        self.sql(new, "ALTER SYSTEM RESET synchronous_standby_names")  # it may have been a primary before
        self.sql(new, "SELECT pg_reload_conf()")
        return new

    def accepts(self, server, patience=1):
        """Whether it answers. One that is busy starting does not, and one that is frozen neither."""
        done = subprocess.run([os.path.join(self.programs, "pg_isready"), "-q", "-h", server.host, "-p", str(server.port),
                               "-t", str(patience)], check=False, capture_output=True)
        return done.returncode == 0

    def sql(self, server, text, database="postgres", patience=None):
        """Runs a statement as superuser; the rows as text."""
        return self._run(server, "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", server.host,
                         "-p", str(server.port), "-U", "postgres", "-d", database, "-c", text, patience=patience,
                         password="postgres").strip()

    def _run(self, server, program, *arguments, password=None, patience=None):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        if password:
            environment["PGPASSWORD"] = self.store.secret(password)
        try:
            done = subprocess.run([os.path.join(self.programs, program), *arguments], cwd=server.folder, env=environment,
                                  capture_output=True, text=True, check=False, timeout=patience, **self.account)
        except subprocess.TimeoutExpired as why:
            raise Problem(f"{server.name} does not answer within {patience} s") from why
        if done.returncode != 0:
            raise Problem(f"{server.name}, {program}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def url(self):
        """Both, the one that takes writes is found by the client."""
        places = ",".join(m.address for m in self.store.of("postgresql"))
        return (f"postgresql://{USER}:{self.store.secret('postgres_shop')}@{places}/{DATABASE}"
                "?target_session_attrs=read-write&connect_timeout=2")
