"""One Exim (exim4-daemon-light) for tests: on loopback, a free port, a folder and a configuration of its own, stopped by its process id.

It takes mail for everybody at shop.test into files, and refuses as a real server does:
    unknown@...   550 for good        grey@...    451 until stop_greylisting()
    full@...      550 after the data  later@...   451 always
"""
import email
import email.policy
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PROGRAM = shutil.which("exim4") or "/usr/sbin/exim4"
USER, PASSWORD = "shop", "correct-horse"

CONFIGURATION = """
exim_user = {user}
exim_group = {group}
never_users =
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
primary_hostname = mail.shop.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_on_connect_ports = {tls_port}
hosts_treat_as_local =
rfc1413_query_timeout = 0s
host_lookup =
keep_environment =
smtp_accept_max = 100
smtp_accept_max_per_connection = 1000
queue_only = false
tls_advertise_hosts = {tls}
tls_certificate = {certificate}
tls_privatekey = {key}
acl_smtp_mail = check_mail
acl_smtp_rcpt = check_rcpt
acl_smtp_data = check_data

begin acl
check_mail:
  deny
    condition = {login_only}
    !authenticated = *
    message = authentication is required
  accept
check_rcpt:
  deny
    local_parts = unknown
    message = no such mailbox
  defer
    local_parts = later
    message = come back later
  defer
    local_parts = grey
    condition = ${{if !exists{{{folder}/grey}}}}
    message = greylisted, come back later
  accept
    domains = shop.test : buyers.test
  deny
    message = relaying is not allowed
check_data:
  deny
    condition = ${{if match{{$recipients}}{{full@}}}}
    message = the mailbox is full
  accept

begin routers
everybody:
  driver = accept
  transport = files

begin transports
files:
  driver = appendfile
  maildir_format
  directory = {folder}/mail
  create_directory
  user = {user}
  group = {group}
  envelope_to_add
  return_path_add

begin retry
* * F,1m,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{name}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = {advertise}
"""


def is_there():
    return os.access(PROGRAM, os.X_OK)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def certificate(folder, name, host="localhost", days=2, start=None):
    """A certificate that signs itself; (path, key). `start`: a date before which it was not valid, YYYYMMDDHHMMSSZ."""
    path, key = f"{folder}/{name}.pem", f"{folder}/{name}.key"
    subject = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host},IP:127.0.0.1"]
    base = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
    if start is None:
        subprocess.run([*base, "-x509", "-out", path, "-days", str(days), *subject], check=True, capture_output=True)
    else:  # `req -x509` of OpenSSL 3.0 takes no dates; `ca` does
        request, work = f"{folder}/{name}.csr", tempfile.mkdtemp(dir=folder)
        subprocess.run([*base, "-out", request, *subject], check=True, capture_output=True)
        open(f"{work}/index.txt", "w", encoding="ascii").close()
        with open(f"{work}/ca.cnf", "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={work}/index.txt\nnew_certs_dir={work}\nrand_serial=yes\n"
                       "default_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n")
        subprocess.run(["openssl", "ca", "-batch", "-selfsign", "-config", f"{work}/ca.cnf", "-keyfile", key, "-in", request,
                        "-out", path, "-notext", "-startdate", start, "-enddate", "20200102000000Z"],
                       check=True, capture_output=True)
    os.chmod(key, 0o644)  # Exim's user reads it
    return path, key


class Exim:
    """`tls`: offers STARTTLS. `login_only`: wants a login from everybody."""

    def __init__(self, tls=True, login_only=False, certificates=None):
        self.folder = tempfile.mkdtemp(prefix="scalemart-exim-")
        os.chmod(self.folder, 0o755)
        self.port, self.tls_port = free_port(), free_port()
        for name in ("spool", "log", "mail"):
            os.mkdir(f"{self.folder}/{name}")
        path, key = certificates or certificate(self.folder, "mail")
        self.ca = path
        is_root = os.geteuid() == 0
        user, group = ("Debian-exim", "Debian-exim") if is_root else (str(os.geteuid()), str(os.getegid()))
        if is_root:
            for place in (self.folder, *(f"{self.folder}/{n}" for n in ("spool", "log", "mail"))):
                shutil.chown(place, user, group)
        self.configuration = f"{self.folder}/exim.conf"
        with open(self.configuration, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(folder=self.folder, user=user, group=group, port=f"{self.port} : {self.tls_port}",
                                            tls_port=self.tls_port, tls="*" if tls else "", certificate=path, key=key,
                                            login_only="true" if login_only else "false", advertise="*",
                                            name=USER, password=PASSWORD))
        os.chmod(self.configuration, 0o644)
        self.process = None
        self.start()

    def start(self):
        with open(f"{self.folder}/stderr", "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "-C", self.configuration, "-bdf"], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, start_new_session=True)
        until = time.monotonic() + 15
        while time.monotonic() < until:
            assert self.process.poll() is None, f"Exim ended: {self.said()}"
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                    if s.recv(3) == b"220":
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"Exim does not answer: {self.said()}")

    def said(self):
        text = ""
        for name in ("stderr", "log/mainlog", "log/paniclog", "log/rejectlog"):
            if os.path.exists(f"{self.folder}/{name}"):
                with open(f"{self.folder}/{name}", encoding="utf-8", errors="replace") as file:
                    text += file.read()[-1500:]
        return text

    def stop(self):
        """With the children that hold open connections: they are a group of their own."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(10)

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop_greylisting(self):
        open(f"{self.folder}/grey", "w", encoding="ascii").close()
        os.chmod(f"{self.folder}/grey", 0o644)

    def mails(self):
        """As Python's own parser reads them, in order of arrival."""
        place, found = f"{self.folder}/mail/new", []
        names = os.listdir(place) if os.path.isdir(place) else []
        for name in sorted(names, key=lambda name: os.stat(f"{place}/{name}").st_mtime_ns):
            with open(f"{place}/{name}", "rb") as file:
                found.append(email.message_from_binary_file(file, policy=email.policy.default))
        return found
