#!/usr/bin/env python3
"""A shop's own side of ScaleMart's webhooks: verifies them, takes each once, and keeps a list of what to ship.

    SECRET=whsec_... ./receiver.py --port 8090 --database orders.db

Python's standard library only. docs/webhooks.md tells what each event means. Put TLS in front of it.
"""
import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import sqlite3
import sys
import threading
import time

TOLERANCE_S = 5 * 60  # an older or later timestamp may be somebody else's recording
BODY_MAX = 64 * 1024

TABLES = """
CREATE TABLE IF NOT EXISTS seen(id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS orders(id TEXT PRIMARY KEY, buyer TEXT, product TEXT, quantity INTEGER, total_minor INTEGER,
                                  currency TEXT, status TEXT, sequence INTEGER);
CREATE TABLE IF NOT EXISTS stock(product TEXT PRIMARY KEY, available INTEGER, sequence INTEGER);
"""


class Refused(Exception):
    """This is no webhook of ours."""


def verify(secret, headers, body, now=None):
    """Raises Refused unless one of the signatures is right and the time is near. `secret`: whsec_..."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not identity or not stamp.isdigit():
        raise Refused("the headers of a webhook are missing")
    if abs((time.time() if now is None else now) - int(stamp)) > TOLERANCE_S:
        raise Refused("the timestamp is too far from now")
    expected = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    for signature in headers.get("webhook-signature", "").split():
        version, _, text = signature.partition(",")
        try:
            given = base64.b64decode(text, validate=True)
        except ValueError:
            continue
        if version == "v1" and hmac.compare_digest(given, expected):
            return identity
    raise Refused("no signature is right")


class Shop:
    """What the shop knows. An event and its effect are one transaction, so a second delivery changes nothing."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.executescript(TABLES)

    def take(self, identity, event):
        """False: it was taken before."""
        with self.lock, self.db:
            if self.db.execute("INSERT OR IGNORE INTO seen VALUES(?)", (identity,)).rowcount == 0:
                return False
            group = event["type"].split(".")[0]
            if group == "order":
                self.order_changed(event["data"])
            elif group == "stock":
                self.stock_changed(event["data"])
            return True  # other types are taken too: an unknown one is no error

    def order_changed(self, order):
        """`sequence` says which of two events is the later one, whatever order they came in."""
        self.db.execute(
            "INSERT INTO orders VALUES(:id, :buyer_id, :product_id, :quantity, :total_minor, :currency, :status, :sequence) "
            "ON CONFLICT(id) DO UPDATE SET status = excluded.status, sequence = excluded.sequence "
            "WHERE excluded.sequence > orders.sequence", order)

    def stock_changed(self, stock):
        self.db.execute("INSERT INTO stock VALUES(:product_id, :available, :sequence) ON CONFLICT(product) DO UPDATE "
                        "SET available = excluded.available, sequence = excluded.sequence "
                        "WHERE excluded.sequence > stock.sequence", stock)

    def to_ship(self):
        """Paid orders. A refunded one is not among them any more."""
        with self.lock:
            return self.db.execute("SELECT id, product, quantity FROM orders WHERE status = 'confirmed'").fetchall()


def handler(shop, secret):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            size = int(self.headers.get("Content-Length") or 0)
            if size > BODY_MAX:
                return self.answer(413, "too large")
            body = self.rfile.read(size)
            try:
                identity = verify(secret, self.headers, body)
            except Refused as why:
                return self.answer(401, str(why))
            new = shop.take(identity, json.loads(body))
            # Only now, when it is on the disk: whatever is not answered with 2xx comes again.
            return self.answer(200, "taken" if new else "known")

        def answer(self, status, text):
            payload = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_):
            pass
    return Handler


def serve(port, database, secret):
    shop = Shop(database)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler(shop, secret))
    print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--database", default="orders.db")
    arguments = parser.parse_args()
    secret = os.environ.get("SECRET", "")
    if not secret.startswith("whsec_"):
        sys.exit("SECRET must be the endpoint's secret, whsec_...")
    serve(arguments.port, arguments.database, secret)


if __name__ == "__main__":
    main()
