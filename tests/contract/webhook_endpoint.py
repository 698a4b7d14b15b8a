"""An endpoint for tests: keeps what it is told and answers as it is bidden."""
import http.server
import json
import os
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "webhook_receiver"))
import receiver  # noqa: E402  pylint: disable=wrong-import-position

from wire import wait_until


class Told:
    """One request."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body
        self.event = json.loads(body)
        self.id, self.type, self.data = headers["webhook-id"], self.event["type"], self.event["data"]

    def is_signed_by(self, secret):
        try:
            return receiver.verify(secret, self.headers, self.body) == self.id
        except receiver.Refused:
            return False


class Endpoint:
    """`answer(told)` gives a status, or (status, headers); `body` is what answers carry."""

    def __init__(self, answer=lambda told: 204, certificate=None, port=0):
        self.answer, self.requests, self.lock, self.body = answer, [], threading.Lock(), b""
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                told = Told(self.path, self.headers, self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    outer.requests.append(told)
                answer = outer.answer(told)
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                try:
                    self.wfile.write(outer.body if status != 204 else b"")
                except OSError:
                    pass  # the sender has heard enough

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass
        self.server = Server(("127.0.0.1", port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hooks"

    def told(self, *types):
        with self.lock:
            return [r for r in self.requests if not types or r.type in types]

    def of_order(self, order_id):
        return [r for r in self.told() if r.data.get("id") == order_id]

    def wait_for(self, kind, count=1, patience=10, **data):
        def found():
            all_of_it = [r for r in self.told(kind) if all(r.data.get(k) == v for k, v in data.items())]
            return all_of_it if len(all_of_it) >= count else None
        return wait_until(found, patience, what=lambda: f"{count} {kind} {data}: {[(r.id) for r in self.told()]}")

    def close(self):
        self.server.shutdown()
        self.server.server_close()
