"""HAProxy's rules (deploy/haproxy/haproxy.cfg), with gateways that are a few lines each."""
import http.client
import os
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fleet
from cluster.balancer import Balancer
from cluster.member import Member
from cluster.store import Store
from fleet import ClusterTest

fleet.need("haproxy")


class Gateway:
    """Answers with its number; drains and drops connections when told to."""

    def __init__(self, number):
        self.number, self.seen, self.is_ready, self.drops = number, [], True, False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                if self.path == "/readyz":
                    return self.answer(200 if outer.is_ready else 503, b"{}")
                return self.do_POST()

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.seen.append(dict(self.headers))
                if outer.drops:
                    self.close_connection = True
                    self.connection.close()
                    return None
                return self.answer(200, str(outer.number).encode())

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                """HAProxy's checks end with a reset."""
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Rules(ClusterTest):
    def setUp(self):
        store = Store(self.folder())
        self.gateways = [Gateway(i + 1) for i in range(3)]
        for gateway in self.gateways:
            self.addCleanup(gateway.close)
            name = f"gateway-{gateway.number}"
            store.add(Member(name, "gateway", "127.0.0.1", gateway.server.server_port, os.path.join(store.folder, name), []))
        self.port = fleet.free_port()
        self.balancer = Balancer(store, "127.0.0.1", self.port)
        self.balancer.set_up()
        self.addCleanup(store.members["haproxy"].stop)
        self.until("UP", "UP", "UP")

    def until(self, *states):
        self.eventually(lambda: list(self.balancer.states().values()) == list(states), what=f"gateways are {states}")

    def ask(self, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, "/x", body=b"{}" if method == "POST" else None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def test_a_gateway_that_drains_gets_nothing_new(self):
        self.assertEqual({b"1", b"2", b"3"}, {self.ask()[1] for _ in range(30)})
        self.gateways[1].is_ready = False
        self.until("UP", "DOWN", "UP")
        self.assertEqual({(200, b"1"), (200, b"3")}, {self.ask() for _ in range(30)})
        self.gateways[1].is_ready = True
        self.until("UP", "UP", "UP")
        self.assertIn((200, b"2"), {self.ask() for _ in range(30)})

    def test_a_gateway_that_is_gone_costs_no_request(self):
        self.gateways[0].close()
        self.assertEqual({200}, {self.ask("POST")[0] for _ in range(30)}, "not even before HAProxy knows")

    def test_an_unfinished_request_is_asked_again_only_where_that_is_harmless(self):
        for gateway in self.gateways[:2]:
            gateway.drops = True
        self.assertEqual({(200, b"3")}, {self.ask() for _ in range(12)})
        self.assertEqual({(200, b"3")}, {self.ask("POST", **{"Idempotency-Key": f"k{i}"}) for i in range(12)})
        for gateway in self.gateways:
            gateway.seen.clear()
        answers = [self.ask("POST")[0] for _ in range(12)]
        self.assertEqual({200, 502}, set(answers))
        self.assertEqual(12, sum(len(g.seen) for g in self.gateways), "each was asked once")

    def test_gateways_hear_the_client_s_address_and_not_what_it_claims(self):
        self.ask("POST", **{"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https"})
        (seen,) = [headers for gateway in self.gateways for headers in gateway.seen]
        lower = {name.lower(): value for name, value in seen.items()}
        self.assertEqual(("127.0.0.1", "http"), (lower["x-forwarded-for"], lower["x-forwarded-proto"]))

    def test_a_port_in_use_is_said(self):
        with self.assertRaises(fleet.Problem) as problem:
            Balancer(self.balancer.store, "127.0.0.1", self.port).set_up()
        self.assertIn("--port", str(problem.exception))


if __name__ == "__main__":
    unittest.main(verbosity=2)
