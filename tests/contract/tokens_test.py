"""Who is let in: forged tokens, refresh families, what a role may do, and whose orders one may see."""
import hashlib
import json
import time

import forge
import shop
from apidoc import ULID, operations
from forge import MISSING, changed, encode, parts, sign
from shop import in_parallel
from wire import wait_until



class Forgeries(shop.ShopTest):
    settings = {"JWT_SECRET": forge.SECRET}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer, cls.other, cls.admin = cls.shop.register(), cls.shop.register(), cls.shop.admin
        cls.thing = cls.shop.product()

    def is_refused(self, token, codes=("invalid_token",)):
        for method, path in (("GET", "/api/auth/me"), ("POST", "/api/flash-buy"), ("GET", "/api/admin/stats")):
            answer = self.shop.request(method, path, token=token)
            self.assertIn(answer.code, codes, f"{path}: {answer}")
            self.assertError(answer, 401, answer.code)

    def is_accepted(self, token):
        self.assertEqual(200, self.shop.get("/api/auth/me", token=token).status)

    def test_our_own_signature_is_accepted(self):
        """The control: what follows is refused for its content, not because the tests cannot sign."""
        self.is_accepted(changed(self.buyer.token))
        self.is_accepted(changed(self.buyer.token, claims={"exp": int(time.time()) + 60}))

    def test_other_algorithms(self):
        for alg in ("none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", "HS256 ",
                    None, 256, ["HS256"]):
            with self.subTest(alg=alg):
                self.is_refused(changed(self.buyer.token, header={"alg": alg}))
                unsigned = changed(self.buyer.token, header={"alg": alg}).rsplit(".", 1)[0]
                self.is_refused(unsigned + ".")
                self.is_refused(unsigned)
        self.is_refused(changed(self.buyer.token, header={"alg": "HS512"}, digest=hashlib.sha512))
        self.is_refused(changed(self.buyer.token, header={"alg": "HS384"}, digest=hashlib.sha384))
        self.is_refused(changed(self.buyer.token, digest=hashlib.sha512))
        self.is_refused(changed(self.buyer.token, header={"alg": MISSING}))

    def test_other_keys(self):
        for secret in ("", "secret", forge.SECRET + "x", forge.SECRET[:-1], "-----BEGIN PUBLIC KEY-----\nMFkw"):
            with self.subTest(secret=secret[:10]):
                self.is_refused(changed(self.buyer.token, secret=secret))

    def test_key_ids(self):
        for kid in ("", "x", "../../../../dev/null", "/dev/null", "' OR '1'='1", "kid\x00", "k" * 500, "http://evil.test/key",
                    None, 1, MISSING):
            with self.subTest(kid=str(kid)[:20]):
                self.is_refused(changed(self.buyer.token, header={"kid": kid}))
                self.is_refused(changed(self.buyer.token, header={"kid": kid}, secret=""))

    def test_headers_that_ask_for_more(self):
        for extra in ({"jku": "https://evil.test/keys"}, {"jwk": "{}"}, {"x5u": "https://evil.test"}, {"x5c": "x"}, {"crit": "exp"},
                      {"b64": False}, {"zip": "DEF"}, {"typ": "JWT"}, {"typ": "dpop+jwt"}, {"typ": MISSING}, {"cty": "JWT"},
                      {"jwk": {"kty": "oct", "k": encode("x")}}):
            with self.subTest(extra=extra):
                self.is_refused(changed(self.buyer.token, header=extra))

    def test_times(self):
        now = int(time.time())
        for claims in ({"exp": MISSING}, {"iat": MISSING}, {"exp": str(now + 60)}, {"exp": now + 60.5}, {"exp": None}, {"exp": True},
                       {"exp": -1}, {"exp": 2**63}, {"exp": 2**64}, {"iat": now + 3600, "exp": now + 7200},
                       {"nbf": now + 3600}, {"nbf": "x"}, {"exp": now + 10**9}, {"iat": 0, "exp": now + 60}):
            with self.subTest(claims=str(claims)):
                self.is_refused(changed(self.buyer.token, claims=claims), ("invalid_token", "token_expired"))
        for text in ("1e400", "1e10"):
            header, payload = parts(self.buyer.token)
            forged = sign(header, json.dumps({**payload, "exp": 0}).replace('"exp": 0', f'"exp": {text}'))
            self.is_refused(forged, ("invalid_token", "token_expired"))

    def test_expired_is_expired_at_once(self):
        now = int(time.time())
        self.is_refused(changed(self.buyer.token, claims={"iat": now - 100, "exp": now - 1}), ("token_expired",))
        soon = changed(self.buyer.token, claims={"exp": now + 2})
        self.is_accepted(soon)
        expired = wait_until(lambda: (a := self.shop.get("/api/auth/me", token=soon)).status != 200 and a, 5)
        self.assertError(expired, 401, "token_expired")

    def test_claims(self):
        for claims in ({"iss": "other"}, {"iss": MISSING}, {"aud": "other"}, {"aud": MISSING}, {"aud": ["shop", "x"]},
                       {"sub": MISSING}, {"sub": ""}, {"sub": "not-a-ulid"}, {"sub": self.buyer.email}, {"sub": None},
                       {"role": "root"}, {"role": MISSING}, {"role": ["admin"]}, {"epoch": MISSING}, {"epoch": -1},
                       {"epoch": 2**40}, {"fam": MISSING}, {"fam": "x"}, {"extra": {"nested": 1}}):
            with self.subTest(claims=str(claims)):
                self.is_refused(changed(self.buyer.token, claims=claims))

    def test_duplicate_members(self):
        header, claims = parts(self.buyer.token)
        text = json.dumps(claims)
        self.is_refused(sign(header, text[:-1] + ', "sub": "%s"}' % self.other.id))
        self.is_refused(sign(header, '{"sub": "%s", ' % self.other.id + text[1:]))
        self.is_refused(sign(json.dumps(header)[:-1] + ', "alg": "none"}', claims))

    def test_tampering_without_the_key(self):
        header, payload, signature = self.buyer.token.split(".")
        _, claims = parts(self.buyer.token)
        for change in ({"role": "admin"}, {"sub": self.admin.id}, {"sub": self.other.id}, {"exp": claims["exp"] + 60},
                       {"epoch": claims["epoch"] + 1}):
            with self.subTest(change=change):
                self.is_refused(f"{header}.{encode({**claims, **change})}.{signature}")

    def test_shapes(self):
        token = self.buyer.token
        header, payload, signature = token.split(".")
        last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        same_bytes = signature[:-1] + last[(last.index(signature[-1]) & ~3) | ((last.index(signature[-1]) + 1) & 3)]
        for odd in (token[:-1], token[:-20], token + "A", token + "=", token + ".", "." + token, token + "." + signature,
                    f"{header}.{payload}", f"{header}..{signature}", f".{payload}.{signature}", "..", "a.b.c", token.upper(),
                    token.replace(".", "..", 1), f"{header}.{payload}.{signature}\t", token.replace("-", "+").replace("_", "/") + "=",
                    f"{header} .{payload}.{signature}", same_bytes and f"{header}.{payload}.{same_bytes}",
                    f"{header}=.{payload}.{signature}", f"{header}.{payload}.x.y.z"):
            with self.subTest(token=odd[-60:]):
                if odd != token and odd.strip() != token:
                    self.is_refused(odd)

    def test_oversized(self):
        self.is_refused(changed(self.buyer.token, claims={"padding": "x" * 3500}))
        self.is_refused(changed(self.buyer.token, header={"kid": "x" * 2000}))
        self.is_refused("a" * 8193)
        self.is_refused("a" * 4000 + "." + "b" * 4000 + "." + "c" * 4000)

    def test_a_refresh_token_opens_nothing(self):
        self.is_refused(self.buyer.refresh_token)

    def test_an_access_token_does_not_refresh(self):
        answer = self.shop.post("/api/auth/refresh", {"refresh_token": self.buyer.token})
        self.assertError(answer, 422 if len(self.buyer.token) > 512 else 401, answer.code)

    def test_a_token_that_says_admin_is_not_enough(self):
        """Signed with the right key: the role comes from the store."""
        forged = changed(self.buyer.token, claims={"role": "admin"})
        self.assertIn(self.shop.get("/api/admin/stats", token=forged).status, (401, 403))
        self.assertIn(self.shop.post("/api/admin/products", {"id": "x", "name": "x", "total": 1, "sale_price_minor": 1},
                                     token=forged).status, (401, 403))

    def test_a_token_of_nobody(self):
        nobody = changed(self.buyer.token, claims={"sub": ULID, "role": "admin"})
        self.assertIn(self.shop.get("/api/admin/stats", token=nobody).status, (401, 403))
        self.assertIn(self.shop.get("/api/auth/me", token=nobody).status, (401, 404))

    def test_several_authorizations(self):
        with self.shop.connect() as c:
            c.send(b"GET /api/admin/stats HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + self.buyer.token.encode() +
                   b"\r\nAuthorization: Bearer " + self.admin.token.encode() + b"\r\n\r\n")
            self.assertIn(c.read_answer().status, (400, 401, 403))


class Sessions(shop.ShopTest):
    def refresh(self, token):
        return self.shop.post("/api/auth/refresh", {"refresh_token": token})

    def is_out(self, token):
        self.assertError(self.shop.get("/api/auth/me", token=token), 401, "invalid_token")

    def is_in(self, token):
        self.assertEqual(200, self.shop.get("/api/auth/me", token=token).status)

    def test_register_login_me(self):
        buyer = self.shop.register("ada")
        me = buyer.get("/api/auth/me").data
        self.assertEqual({"id": buyer.id, "email": buyer.email, "name": "ada", "role": "buyer"}, me)
        again = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        self.assertEqual(buyer.id, again.id)
        session = self.shop.post("/api/auth/login", {"email": buyer.email, "password": shop.BUYER_PASSWORD}).data
        self.assertEqual({"user", "access_token", "token_type", "expires_in", "refresh_token"}, set(session))
        self.assertEqual("bearer", session["token_type"])
        _, claims = parts(session["access_token"])
        self.assertEqual(session["expires_in"], claims["exp"] - claims["iat"])
        self.assertLessEqual(session["expires_in"], 15 * 60)

    def test_weak_passwords_are_refused(self):
        for password in ("password", "12345678", "qwertyuiop", "iloveyou1"):
            with self.subTest(password=password):
                body = {"email": "weak@buyers.test", "password": password}
                self.assertError(self.shop.post("/api/auth/register", body), 422, "validation_error")
        email = "somebody-special@buyers.test"
        self.assertError(self.shop.post("/api/auth/register", {"email": email, "password": email}), 422, "validation_error")

    def test_passwords_are_compared_exactly(self):
        password = "Pass\u00e9 \u2603 word "
        buyer = self.shop.register("exact", password)
        self.shop.login(buyer.email, password)
        for other in (password.strip(), password.lower(), password.upper(), password + " ", password[:-1]):
            answer = self.shop.post("/api/auth/login", {"email": buyer.email, "password": other})
            self.assertError(answer, 401, "invalid_credentials")

    def test_refresh_tokens_rotate(self):
        buyer = self.shop.register()
        first = buyer.refresh_token
        second = self.refresh(first)
        self.assertEqual(200, second.status)
        self.assertNotEqual(first, second.data["refresh_token"])
        self.assertEqual(buyer.id, second.data["user"]["id"])
        self.is_in(second.data["access_token"])
        third = self.refresh(second.data["refresh_token"])
        self.assertEqual(200, third.status)

    def test_reuse_revokes_the_family_and_no_other(self):
        buyer = self.shop.register()
        elsewhere = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        second = self.refresh(buyer.refresh_token).data
        self.assertError(self.refresh(buyer.refresh_token), 401, "invalid_token")
        self.assertError(self.refresh(second["refresh_token"]), 401, "invalid_token")
        self.is_out(second["access_token"])
        self.is_out(buyer.token)
        self.is_in(elsewhere.token)
        self.assertEqual(200, self.refresh(elsewhere.refresh_token).status)

    def test_one_of_many_parallel_refreshes_wins_at_most(self):
        buyer = self.shop.register()

        def run(_):
            with self.shop.connect() as c:
                return c.request("POST", "/api/auth/refresh", {"refresh_token": buyer.refresh_token})
        answers = in_parallel(8, run)
        self.assertLessEqual([a.status for a in answers].count(200), 1, answers)
        self.is_out(buyer.token)

    def test_guessed_refresh_tokens_revoke_nothing(self):
        buyer = self.shop.register()
        token = buyer.refresh_token
        # What names the login is no secret; only who knows the rest can end it.
        for guess in (token[:-1], token + "A", token[:26] + "A" * (len(token) - 26), "A" * len(token), "x", "."):
            if guess != token:
                self.assertError(self.refresh(guess), 401, "invalid_token")
        self.is_in(buyer.token)
        self.assertEqual(200, self.refresh(token).status)

    def test_logout_takes_effect_at_once(self):
        buyer = self.shop.register()
        elsewhere = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        self.is_in(buyer.token)
        self.assertEqual(204, buyer.post("/api/auth/logout", {}).status)
        self.is_out(buyer.token)
        self.assertError(self.refresh(buyer.refresh_token), 401, "invalid_token")
        self.is_in(elsewhere.token)

    def test_logout_needs_no_body(self):
        buyer = self.shop.register()
        self.assertEqual(204, buyer.post("/api/auth/logout").status)
        self.is_out(buyer.token)

    def test_logout_everywhere(self):
        buyer = self.shop.register()
        elsewhere = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        self.assertEqual(204, buyer.post("/api/auth/logout", {"everywhere": True}).status)
        self.is_out(buyer.token)
        self.is_out(elsewhere.token)
        self.assertError(self.refresh(elsewhere.refresh_token), 401, "invalid_token")
        self.is_in(self.shop.login(buyer.email, shop.BUYER_PASSWORD).token)

    def test_a_new_password_ends_all_sessions_at_once(self):
        buyer = self.shop.register()
        thief = self.shop.login(buyer.email, shop.BUYER_PASSWORD)
        new = "Another-fine-word-93"
        wrong = buyer.post("/api/auth/password", {"current_password": "not it at all", "new_password": new})
        self.assertError(wrong, 401, "invalid_credentials")
        self.is_in(thief.token)
        done = buyer.post("/api/auth/password", {"current_password": shop.BUYER_PASSWORD, "new_password": new})
        self.assertEqual(200, done.status, done)
        self.is_out(thief.token)
        self.is_out(buyer.token)
        self.assertError(self.refresh(thief.refresh_token), 401, "invalid_token")
        self.is_in(done.data["access_token"])
        old = self.shop.post("/api/auth/login", {"email": buyer.email, "password": shop.BUYER_PASSWORD})
        self.assertError(old, 401, "invalid_credentials")
        self.is_in(self.shop.login(buyer.email, new).token)

    def test_revocations_survive_a_restart(self):
        stays, leaves, changes = (self.shop.register() for _ in range(3))
        leaves.post("/api/auth/logout", {})
        new = "Another-fine-word-93"
        changes.post("/api/auth/password", {"current_password": shop.BUYER_PASSWORD, "new_password": new})
        self.shop.kill()
        self.shop.start()
        self.is_in(stays.token)
        self.is_out(leaves.token)
        self.is_out(changes.token)
        self.assertEqual(200, self.refresh(stays.refresh_token).status)


class Access(shop.ShopTest):
    """Every route of the document, as everybody who should not."""
    settings = {"PAYMENT": "simulated:?latency=10ms&decline=0%"}

    def test_admin_routes_refuse_buyers_and_strangers(self):
        buyer, seen = self.shop.register(), 0
        before = self.shop.ledger()
        for operation in operations():
            if not operation.is_admin:
                continue
            seen += 1
            method, path = operation.method, operation.filled()
            with self.subTest(operation=operation.id):
                for body in (None, {}, {"delta": 1, "reason": "x"}):
                    body = body if method in ("POST", "PUT", "PATCH") else None
                    self.assertError(self.shop.request(method, path, body), 401, "not_authenticated")
                    self.assertError(buyer.send(method, path, body), 403, "forbidden")
        self.assertGreaterEqual(seen, 24)
        self.assertEqual(before, self.shop.ledger())

    def test_every_path_under_admin_says_that_it_is(self):
        for operation in operations():
            self.assertEqual("/admin/" in operation.path, operation.is_admin, operation.id)

    def test_routes_that_need_a_token_refuse_strangers(self):
        for operation in operations():
            if operation.needs_token:
                with self.subTest(operation=operation.id):
                    ask = operation.method, operation.filled()
                    self.assertError(self.shop.request(*ask), 401, "not_authenticated")
                    self.assertError(self.shop.request(*ask, token="x.y.z"), 401, "invalid_token")

    def test_disguised_paths_reach_no_admin_route(self):
        buyer = self.shop.register()
        for path in ("/api/admin/stats/", "/api//admin/stats", "/api/admin/./stats", "/api/Admin/stats", "/api/admin%2fstats",
                     "/api/%61dmin/stats", "/api/products/../admin/stats", "/api/admin/stats;x", "/api/admin/stats%00",
                     "/api/admin/stats?role=admin"):
            with self.subTest(path=path), self.shop.connect() as c:
                self.assertIn(c.request("GET", path, token=buyer.token).status, (400, 403, 404))
        for headers in ({"X-HTTP-Method-Override": "GET"}, {"X-Original-URL": "/api/admin/stats"}, {"X-Rewrite-URL": "/api/admin/stats"}):
            self.assertNotIn("accepted", buyer.post("/api/auth/me", headers=headers).body.decode())

    def test_others_orders_are_as_missing_ones(self):
        owner, other, thing = self.shop.register(), self.shop.register(), self.shop.product()
        self.shop.pause_queue()
        try:
            pending = owner.buy(thing, key="mine").data["order_id"]
            self.alike(owner, other, pending)
            self.assertEqual("pending", owner.order(pending)["status"])
        finally:
            self.shop.resume_queue()
        owner.wait_for(pending, "confirmed")
        self.alike(owner, other, pending)
        self.assertError(other.get("/api/orders/by-key/mine"), 404, "order_not_found")
        self.assertEqual([], other.get("/api/orders").data)
        self.assertEqual(pending, owner.get("/api/orders/by-key/mine").data["id"])
        # Another's order id is no cursor into their list either.
        self.assertEqual([], other.get(f"/api/orders?cursor={pending}").data)

    def alike(self, owner, other, order):
        for method, path in (("GET", "/api/orders/{}"), ("GET", "/api/orders/{}/events"), ("POST", "/api/orders/{}/cancel"),
                             ("GET", "/api/orders/{}/invoice.pdf")):
            with self.subTest(path=path):
                theirs, missing = (other.send(method, path.format(i)) for i in (order, ULID))
                self.assertError(theirs, 404, "order_not_found")
                same = lambda a: ({**a.json(), "request_id": ""}, a.status,
                                  [f for f in a.fields if f[0] not in ("X-Request-Id", "Date")])
                self.assertEqual(same(missing), same(theirs))
                self.assertError(self.shop.request(method, path.format(order)), 401, "not_authenticated")

    def test_metrics_are_for_operators(self):
        self.assertEqual(200, self.shop.admin.get("/metrics").status)


if __name__ == "__main__":
    shop.main()
