#!/usr/bin/env python3
"""A server that behaves like Stripe's API for the calls ScaleMart makes, as its reference documents them: payment intents (create,
confirm, cancel, retrieve, search, list), refunds, idempotency keys, errors. A process of its own on loopback.

    stripe_server.py PORT KEY

For the tests beside it, under /_test: POST faults {"confirm": ["drop_after", ...]}, POST pay/INTENT (a buyer pays), GET state.
Faults, taken one a call of that kind (create, confirm, cancel, retrieve, search, refund):
drop_before, drop_after (the work is done, the answer is lost), error_before, error_after (500, repeated under the same key), busy (429), locked (409).
"""
import contextlib
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

DECLINES = {"pm_card_chargeDeclined": "generic_decline"}


class Refusal(Exception):
    def __init__(self, status, **error):
        super().__init__(status, error)
        self.status, self.error = status, error


class Bank:
    """Everything it knows. One lock: what it says happened in one order."""

    def __init__(self, key):
        self.key, self.lock = key, threading.Lock()
        self.intents, self.charges, self.refunds, self.events = {}, {}, {}, []
        self.keys, self.faults, self.calls, self.traces = {}, {}, {}, []

    def event(self, kind, data):
        self.events.append({"id": f"evt_{len(self.events) + 1}", "object": "event", "type": kind, "created": int(time.time()),
                            "livemode": False, "data": {"object": json.loads(json.dumps(data))}})

    def intent(self, name):
        if name not in self.intents:
            raise Refusal(404, type="invalid_request_error", code="resource_missing", message=f"No such payment_intent: '{name}'")
        return self.intents[name]

    def unexpected(self, intent):
        raise Refusal(400, type="invalid_request_error", code="payment_intent_unexpected_state",
                      message=f"This PaymentIntent has a status of {intent['status']}.", payment_intent=intent)

    # --- the calls
    def create(self, form):
        name = f"pi_{len(self.intents) + 1:08d}"
        if int(form["amount"]) < 50:
            raise Refusal(400, type="invalid_request_error", code="amount_too_small", message="Amount must be at least 50 cents")
        self.intents[name] = {
            "id": name, "object": "payment_intent", "amount": int(form["amount"]), "currency": form["currency"], "status": "requires_payment_method",
            "client_secret": f"{name}_secret_x", "metadata": {"order": form["metadata[order]"]}, "latest_charge": None, "last_payment_error": None}
        return self.intents[name]

    def confirm(self, name, form):
        intent = self.intent(name)
        if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
            self.unexpected(intent)
        decline = DECLINES.get(form.get("payment_method"))
        if decline:
            intent["last_payment_error"] = {"type": "card_error", "code": "card_declined", "decline_code": decline}
            self.event("payment_intent.payment_failed", intent)
            raise Refusal(402, type="card_error", code="card_declined", decline_code=decline, message="Your card was declined.",
                          payment_intent=json.loads(json.dumps(intent)))
        return self.paid(intent)

    def paid(self, intent):
        order = intent["metadata"]["order"]
        self.charges[order] = self.charges.get(order, 0) + 1
        intent["status"], intent["last_payment_error"] = "succeeded", None
        intent["latest_charge"] = {"id": f"ch_{intent['id']}", "object": "charge", "refunded": False, "amount": intent["amount"],
                                   "metadata": intent["metadata"], "payment_intent": intent["id"]}
        self.event("payment_intent.succeeded", intent)
        return intent

    def cancel(self, name, _form):
        intent = self.intent(name)
        if intent["status"] in ("succeeded", "canceled"):
            self.unexpected(intent)
        intent["status"] = "canceled"
        self.event("payment_intent.canceled", intent)
        return intent

    def refund(self, form):
        intent = self.intent(form["payment_intent"])
        if intent["status"] != "succeeded":
            raise Refusal(400, type="invalid_request_error", code="charge_not_found", message="There is no charge to refund.")
        if intent["latest_charge"]["refunded"]:
            raise Refusal(400, type="invalid_request_error", code="charge_already_refunded", message="This charge has been refunded.")
        order = intent["metadata"]["order"]
        intent["latest_charge"]["refunded"] = True
        self.refunds[order] = self.refunds.get(order, 0) + 1
        self.event("charge.refunded", intent["latest_charge"])
        return {"id": f"re_{intent['id']}", "object": "refund", "status": "succeeded", "payment_intent": intent["id"]}

    def buyer_pays(self, name):
        intent = self.intent(name)
        if intent["status"] != "requires_payment_method":
            self.unexpected(intent)
        return self.paid(intent)

    def take_fault(self, kind):
        self.calls[kind] = self.calls.get(kind, 0) + 1
        waiting = self.faults.get(kind)
        return waiting.pop(0) if waiting else None

    def keyed(self, key, fingerprint, work):
        """What a key was answered, is answered again. Validation errors and conflicts are not kept, as with Stripe."""
        if key in self.keys:
            known = self.keys[key]
            if known[0] != fingerprint:
                raise Refusal(400, type="idempotency_error", message="Keys for idempotent requests can only be used with the same parameters.")
            return known[1], known[2], True
        status, body = answer_of(work)
        if key and status not in (400, 401, 404, 409, 429):
            self.keys[key] = (fingerprint, status, json.loads(json.dumps(body)))
        return status, body, False


def answer_of(work):
    try:
        return 200, work()
    except Refusal as refusal:
        return refusal.status, {"error": refusal.error}


def failing(work):
    """Says that it failed, after the work or without it."""
    def done():
        if work:
            answer_of(work)
        raise Refusal(500, type="api_error", message="An error occurred on our side.")
    return done


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bank = None

    def log_message(self, *_):
        pass

    def reply(self, status, body, replayed=False):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if replayed:
            self.send_header("Idempotent-Replayed", "true")
        self.end_headers()
        self.wfile.write(text)

    def drop(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def do_GET(self):  # noqa: N802
        self.serve("GET", "")

    def do_POST(self):  # noqa: N802
        self.serve("POST", self.body())

    def serve(self, method, text):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # who asked is dead
            self.decide(method, text)

    def decide(self, method, text):
        url = urlsplit(self.path)
        parts = [part for part in url.path.split("/") if part]
        with self.bank.lock:
            if parts[0] == "_test":
                return self.serve_test(parts[1:], text)
            if self.headers.get("Authorization") != "Bearer " + self.bank.key:
                return self.reply(401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_*****"}})
            self.bank.traces.append(self.headers.get("traceparent"))
            form = {name: values[0] for name, values in parse_qs(text).items()}
            kind, work = self.route(method, parts[1:], form, parse_qs(url.query))
            if kind is None:
                return self.reply(404, {"error": {"type": "invalid_request_error", "message": "Unrecognized request URL"}})
            fault = self.bank.take_fault(kind)
            if fault == "drop_before":
                return self.drop()
            if fault == "busy":
                return self.reply(429, {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many requests"}})
            if fault == "locked":
                return self.reply(409, {"error": {"type": "invalid_request_error", "code": "lock_timeout", "message": "Locked"}})
            if fault in ("error_before", "error_after"):
                work = failing(work if fault == "error_after" else None)
            answer = self.bank.keyed(self.headers.get("Idempotency-Key"), (url.path, text), work)
            if fault == "drop_after":
                return self.drop()
            return self.reply(*answer)

    def route(self, method, parts, form, query):
        bank = self.bank
        if method == "POST" and parts == ["payment_intents"]:
            return "create", lambda: bank.create(form)
        if method == "POST" and parts == ["refunds"]:
            return "refund", lambda: bank.refund(form)
        if method == "GET" and parts == ["payment_intents"]:
            return "list", lambda: {"object": "list", "data": list(bank.intents.values())[:1], "has_more": False}
        if method == "GET" and parts == ["payment_intents", "search"]:
            order = unquote(query["query"][0]).split("'")[3]
            found = [i for i in bank.intents.values() if i["metadata"]["order"] == order]
            return "search", lambda: {"object": "search_result", "data": found[:1], "has_more": False}
        if method == "GET" and len(parts) == 2 and parts[0] == "payment_intents":
            return "retrieve", lambda: bank.intent(parts[1])
        if method == "POST" and len(parts) == 3 and parts[0] == "payment_intents" and parts[2] in ("confirm", "cancel"):
            return parts[2], lambda: getattr(bank, parts[2])(parts[1], form)
        return None, None

    def serve_test(self, parts, text):
        bank = self.bank
        if parts == ["faults"]:
            bank.faults = json.loads(text)
            return self.reply(200, {})
        if parts[0] == "pay":
            return self.reply(*answer_of(lambda: bank.buyer_pays(parts[1])))
        return self.reply(200, {name: getattr(bank, name) for name in ("intents", "charges", "refunds", "events", "calls", "traces")})


class StripeServer:
    """That process, for a test."""

    def __init__(self, port, key="sk_test_of_the_tests"):
        self.key, self.url = key, f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), str(port), key], stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                self.state()
                return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def close(self):
        self.process.terminate()
        self.process.wait(10)

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + "/_test/" + path, data=data), timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            return json.load(refused)

    def state(self):
        return self.ask("state")

    def faults(self, **faults):
        self.ask("faults", faults)

    def pay(self, intent):
        return self.ask("pay/" + intent, {})

    def intent_of(self, order):
        found = [i for i in self.state()["intents"].values() if i["metadata"]["order"] == order]
        assert len(found) <= 1, f"{order} has {len(found)} payments"
        return found[0] if found else None

    def events(self, order=None):
        events = self.state()["events"]
        return [e for e in events if order in (None, e["data"]["object"]["metadata"]["order"])]


def signed(event, secret, at=None):
    """The body and the headers of a webhook's request."""
    text = json.dumps(event)
    seconds = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), f"{seconds}.{text}".encode(), hashlib.sha256).hexdigest()
    return text, {"Stripe-Signature": f"t={seconds},v1={mac},v0=0000"}


def main():
    Handler.bank = Bank(sys.argv[2])
    ThreadingHTTPServer.request_queue_size = 256
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
