"""HTTP/1.1 over a plain socket: what a test sends is what goes over the wire, byte for byte."""
import json
import os
import socket
import time

# Seconds until an answer that does not come is a failure; a build under a sanitizer is given more.
PATIENCE = 15.0 * float(os.environ.get("SCALEMART_TEST_SLOWDOWN", "1"))


class Answer:
    """One answer. Header names are compared without case; header() fails on a repeated field."""

    def __init__(self, status, fields, body, version="HTTP/1.1"):
        self.status, self.fields, self.body, self.version = status, fields, body, version

    def headers(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def header(self, name):
        values = self.headers(name)
        assert len(values) <= 1, f"{name} stands {len(values)} times in one answer"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    @property
    def data(self):
        return self.json()["data"]

    @property
    def code(self):
        return self.json().get("code") if self.body else None

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Closed(Exception):
    """The server ended the connection before an answer was complete."""


def dump(body):
    return body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()


def request_bytes(method, path, body=None, token=None, key=None, headers=None, host="shop.test"):
    """The bytes of a well-formed request. `headers` add to, or with None remove from, the usual ones."""
    fields = {"Host": host}
    if token is not None:
        fields["Authorization"] = "Bearer " + token
    if key is not None:
        fields["Idempotency-Key"] = key
    content = b""
    if body is not None:
        content = dump(body)
        fields["Content-Type"] = "application/json"
        fields["Content-Length"] = str(len(content))
    elif method in ("POST", "PUT", "PATCH"):
        fields["Content-Length"] = "0"
    fields.update(headers or {})
    head = f"{method} {path} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return head.encode("latin-1") + b"\r\n" + content


class Connection:
    """One keep-alive connection. Not for several threads at once."""

    def __init__(self, port, host="127.0.0.1", source=None, patience=PATIENCE, wrap=None, receive_bytes=None):
        self.socket = socket.create_connection((host, port), timeout=patience, source_address=source and (source, 0))
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wrap:
            self.socket = wrap(self.socket)
        self.pending = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError:
            data = b""
        self.pending += data
        return bool(data)

    def read_head(self):
        while b"\r\n\r\n" not in self.pending:
            if not self._more():
                raise Closed(repr(self.pending[:200]))
        head, _, self.pending = self.pending.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, status = lines[0].split(" ", 2)[:2]
        fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        return Answer(int(status), fields, b"", version)

    def read_answer(self, method="GET"):
        answer = self.read_head()
        if 100 <= answer.status < 200:
            return answer
        length = answer.header("Content-Length")
        if method == "HEAD" or answer.status in (204, 304):
            return answer
        if length is None:
            while self._more():
                pass
            answer.body, self.pending = self.pending, b""
            return answer
        while len(self.pending) < int(length):
            if not self._more():
                raise Closed("in the middle of a body")
        answer.body, self.pending = self.pending[:int(length)], self.pending[int(length):]
        return answer

    def request(self, method, path, body=None, **more):
        self.send(request_bytes(method, path, body, **more))
        return self.read_answer(method)

    def is_closed_by_peer(self, within=PATIENCE):
        """True once the server has ended the connection, and sent nothing more before that."""
        self.socket.settimeout(within)
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False


def exchange(port, data, patience=PATIENCE, pieces=None):
    """Sends raw bytes on a fresh connection; the answers until the server closes, and whether it did."""
    with Connection(port, patience=patience) as c:
        try:
            for piece in pieces or [data]:
                c.send(piece)
        except ConnectionError:
            pass  # refused before we had said everything; the answer is still there to read
        answers = []
        while True:
            try:
                answers.append(c.read_answer())
            except Closed:
                return answers, True
            except TimeoutError:
                return answers, False


class Events:
    """A live stream (SSE) of one connection."""

    def __init__(self, port, path, token=None, patience=PATIENCE):
        self.connection = Connection(port, patience=patience)
        self.connection.send(request_bytes("GET", path, token=token, headers={"Accept": "text/event-stream"}))
        self.head = self.connection.read_head()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def next(self):
        """The next event as (name, data); comments are skipped."""
        while True:
            while b"\n\n" not in self.connection.pending:
                if not self.connection._more():
                    raise Closed("the stream ended")
            block, _, self.connection.pending = self.connection.pending.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if ": " in line and line[0] != ":")
            if "data" in fields:
                return fields.get("event", "message"), json.loads(fields["data"])

    def until(self, wanted, patience=PATIENCE):
        """Reads until wanted(name, data); all the events seen."""
        seen, deadline = [], time.monotonic() + patience
        while time.monotonic() < deadline:
            seen.append(self.next())
            if wanted(*seen[-1]):
                return seen
        raise AssertionError(f"not seen in {patience} s; last: {seen[-3:]}")


def wait_until(condition, patience=PATIENCE, every=0.02, what=""):
    """Polls until condition() is true and returns its value."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not true within {patience} s: {what() if callable(what) else what or condition}")
        time.sleep(every)
