"""Logins of a browser: the refresh token lives in a cookie that scripts cannot read, and that does nothing for other sites."""
import shop
from shop import in_parallel

PAGE = {"X-Session": "cookie"}
COOKIE = "scalemart_refresh"
SECURE = "__Secure-scalemart_refresh"


def attributes(answer):
    """(name, value, attributes) of the one cookie that is set; None without one."""
    lines = [value for name, value in answer.fields if name.lower() == "set-cookie"]
    if not lines:
        return None
    assert len(lines) == 1, lines
    first, *rest = lines[0].split("; ")
    name, value = first.split("=", 1)
    return name, value, {part.split("=")[0]: part.partition("=")[2] for part in rest}


class Browser:
    """A page with its cookie jar."""

    def __init__(self, own, headers=None, name=COOKIE):
        self.shop, self.headers, self.name, self.jar, self.token = own, {**PAGE, **(headers or {})}, name, None, None

    def post(self, path, body=None, headers=None, jar=True, connection=None):
        fields = {**self.headers, **(headers or {})}
        if jar and self.jar is not None:
            fields["Cookie"] = f"theme=dark; {self.name}={self.jar}"
        answer = (connection or self.shop).request("POST", "/api/auth/" + path, {} if body is None else body,
                                                   token=self.token if path in ("logout", "password") else None, headers=fields)
        if cookie := attributes(answer):
            assert cookie[0] == self.name, cookie
            self.jar = cookie[1] if int(cookie[2]["Max-Age"]) > 0 else None
        if answer.status in (200, 201):
            assert "refresh_token" not in answer.data, answer.data
            self.token = answer.data["access_token"]
        return answer

    def register(self):
        buyer = self.shop.register()
        self.email = buyer.email
        assert self.post("login", {"email": buyer.email, "password": shop.BUYER_PASSWORD}).status == 200
        return self

    def is_in(self):
        return self.shop.get("/api/auth/me", token=self.token).status == 200


class BrowserSessions(shop.ShopTest):
    def browser(self):
        return Browser(self.shop).register()

    def test_register_and_login_hide_the_refresh_token(self):
        page = Browser(self.shop)
        made = page.post("register", {"email": "page@buyers.test", "password": shop.BUYER_PASSWORD})
        self.assertEqual((201, {"user", "access_token", "token_type", "expires_in"}), (made.status, set(made.data)))
        login = page.post("login", {"email": "page@buyers.test", "password": shop.BUYER_PASSWORD})
        for answer in (made, login):
            name, value, rest = attributes(answer)
            self.assertEqual(COOKIE, name)
            self.assertTrue(value.startswith("smr_"))
            self.assertEqual({"HttpOnly": "", "SameSite": "Strict", "Path": "/api/auth", "Max-Age": str(30 * 86400)}, rest)
            self.assertEqual("no-store", answer.header("Cache-Control"))
            self.assertNotIn(value.encode(), answer.body)

    def test_refresh_takes_the_cookie_and_gives_the_next(self):
        page = self.browser()
        first = page.jar
        answer = page.post("refresh")
        self.assertEqual(200, answer.status, answer)
        self.assertNotEqual(first, page.jar)
        self.assertTrue(page.is_in())
        self.assertEqual(200, page.post("refresh").status)

    def test_a_page_that_lost_the_answer_asks_again(self):
        page = self.browser()
        before = page.jar
        page.post("refresh")
        lost, page.jar = page.jar, before
        self.assertEqual(200, page.post("refresh").status)
        self.assertEqual(lost, page.jar, "the same successor: it does not matter which answer came last")
        self.assertEqual(200, page.post("refresh").status)

    def test_a_crash_between_the_two_changes_nothing(self):
        own = self.own_shop()
        page = Browser(own).register()
        before = page.jar
        page.post("refresh")
        lost, page.jar = page.jar, before
        own.kill()
        own.start()
        self.assertEqual((200, lost), (page.post("refresh").status, page.jar))

    def test_two_tabs_at_once(self):
        page = self.browser()

        def tab(_):
            with self.shop.connect() as c:
                return c.request("POST", "/api/auth/refresh", {}, headers={**PAGE, "Cookie": f"{COOKIE}={page.jar}"})
        answers = in_parallel(6, tab)
        self.assertEqual([200] * 6, [a.status for a in answers])
        self.assertEqual(1, len({attributes(a)[1] for a in answers}))
        page.jar = attributes(answers[0])[1]
        self.assertEqual(200, page.post("refresh").status)

    def test_an_older_cookie_is_theft(self):
        page = self.browser()
        stolen = page.jar
        page.post("refresh")
        page.post("refresh")
        current, page.jar = page.jar, stolen
        self.assertError(answer := page.post("refresh"), 401, "invalid_token")
        self.assertEqual("0", attributes(answer)[2]["Max-Age"])
        self.assertFalse(page.is_in())
        page.jar = current
        self.assertError(page.post("refresh"), 401, "invalid_token")
        newest = self.shop.admin.get("/api/admin/audit?limit=5").json()["data"]
        self.assertIn("refresh_token_reused", [row["what"] for row in newest])

    def test_a_program_is_forgiven_nothing(self):
        page = self.browser()
        spent = page.jar
        page.post("refresh")
        self.assertError(self.shop.post("/api/auth/refresh", {"refresh_token": spent}), 401, "invalid_token")
        self.assertFalse(page.is_in())

    def test_logout_takes_the_cookie_back(self):
        for body in ({}, {"everywhere": True}):
            with self.subTest(body=body):
                page = self.browser()
                cookie = page.jar
                answer = page.post("logout", body)
                self.assertEqual((204, None), (answer.status, page.jar))
                self.assertEqual((COOKIE, ""), attributes(answer)[:2])
                page.jar = cookie
                self.assertError(page.post("refresh"), 401, "invalid_token")

    def test_a_new_password_keeps_this_cookie(self):
        page, elsewhere = self.browser(), Browser(self.shop)
        elsewhere.post("login", {"email": page.email, "password": shop.BUYER_PASSWORD})
        answer = page.post("password", {"current_password": shop.BUYER_PASSWORD, "new_password": "Another-fine-word-93"})
        self.assertEqual(200, answer.status, answer)
        self.assertTrue(page.is_in())
        self.assertEqual(200, page.post("refresh").status)
        self.assertError(elsewhere.post("refresh"), 401, "invalid_token")

    def test_refreshing_is_not_limited_like_guessing(self):
        own = self.own_shop(RATE_LIMIT_LOGIN="2/1h")
        page = Browser(own).register()
        for _ in range(30):
            self.assertEqual(200, page.post("refresh").status)


class BadCookies(shop.ShopTest):
    def setUp(self):
        self.page = Browser(self.shop).register()

    def still_good(self):
        self.assertEqual(200, self.page.post("refresh").status)
        self.assertTrue(self.page.is_in())

    def test_forged(self):
        good = self.page.jar
        for forged in ("x", "smr_", good[:-1], good + "A", good[:30] + "A" * (len(good) - 30), good.replace("smr_", ""), "A" * 512,
                       "A" * 9000, self.page.token, "%00", '"' + good + '"', good + "=", good.swapcase(), "../../x"):
            with self.subTest(forged=forged[:40]):
                other = Browser(self.shop)
                other.jar = forged
                answer = other.post("refresh")
                self.assertError(answer, 401, "invalid_token")
                self.assertEqual("0", attributes(answer)[2]["Max-Age"], "it is of no use: taken back")
        self.still_good()

    def test_larger_than_a_head_may_be(self):
        with self.shop.connect() as c:
            answer = c.request("POST", "/api/auth/refresh", {}, headers={**PAGE, "Cookie": f"{COOKIE}=" + "A" * 20000})
            self.assertError(answer, 431, "headers_too_large")
        self.still_good()

    def test_none_and_several(self):
        guest = Browser(self.shop)
        answer = guest.post("refresh")
        self.assertError(answer, 401, "not_authenticated")
        self.assertIsNone(attributes(answer))
        for cookies in (f"{COOKIE}={self.page.jar}; {COOKIE}=x", f"{COOKIE}={self.page.jar}; {COOKIE}={self.page.jar}"):
            self.assertError(guest.post("refresh", headers={"Cookie": cookies}), 401, "invalid_token")
        self.assertError(guest.post("refresh", headers={"Cookie": f"{SECURE}={self.page.jar}"}), 401, "not_authenticated")
        self.still_good()

    def test_without_the_header_the_cookie_is_nothing(self):
        cookie = {"Cookie": f"{COOKIE}={self.page.jar}"}
        answer = self.shop.post("/api/auth/refresh", {}, headers=cookie)
        body = self.assertError(answer, 422, "validation_error", "This field is required.")
        self.assertEqual([{"loc": ["body", "refresh_token"], "msg": "This field is required.", "type": "missing"}], body["errors"])
        self.assertIsNone(attributes(answer))
        self.assertError(self.shop.post("/api/auth/refresh", {"refresh_token": "x"}, headers=cookie), 401, "invalid_token")
        self.still_good()

    def test_without_the_header_answers_are_as_ever(self):
        buyer = self.shop.register()
        login = self.shop.post("/api/auth/login", {"email": buyer.email, "password": shop.BUYER_PASSWORD},
                               headers={"Cookie": f"{COOKIE}={self.page.jar}", "Origin": "https://elsewhere.test"})
        self.assertTrue(login.data["refresh_token"].startswith("smr_"))
        fresh = self.shop.post("/api/auth/refresh", {"refresh_token": login.data["refresh_token"]})
        out = self.shop.post("/api/auth/logout", {}, token=fresh.data["access_token"])
        self.assertEqual([None] * 3, [attributes(a) for a in (login, fresh, out)])
        self.still_good()

    def test_body_and_cookie_together(self):
        answer = self.page.post("refresh", {"refresh_token": self.page.jar})
        self.assertEqual(["body", "refresh_token"], self.assertError(answer, 422, "validation_error")["errors"][0]["loc"])
        self.still_good()

    def test_pages_of_other_origins(self):
        port = self.shop.port
        body = {"email": self.page.email, "password": shop.BUYER_PASSWORD}
        for headers in ({"Origin": "https://evil.test"}, {"Origin": "null"}, {"Origin": "http://shop.test:1"}, {"Origin": "http://shop.test.evil"},
                        {"Origin": "http://evil.test", "Host": "shop.test"}, {"Sec-Fetch-Site": "cross-site"},
                        {"Sec-Fetch-Site": "same-site"}, {"Origin": f"http://127.0.0.1:{port + 1}", "Host": f"127.0.0.1:{port}"}):
            for path, content in (("login", body), ("register", body), ("refresh", {}), ("logout", {}),
                                  ("password", {"current_password": shop.BUYER_PASSWORD, "new_password": "Another-fine-word-93"})):
                with self.subTest(headers=headers, path=path):
                    answer = self.page.post(path, content, headers=headers)
                    self.assertError(answer, 403, "forbidden")
                    self.assertIsNone(attributes(answer))
        self.still_good()
        self.assertEqual(200, self.page.post("refresh", headers={"Origin": "http://shop.test", "Sec-Fetch-Site": "same-origin"}).status)

    def test_other_origins_are_not_even_told_that_they_may_ask(self):
        for origins in (None, "https://shop.example"):
            own = self.own_shop(CORS_ORIGINS=origins)
            asked = own.request("OPTIONS", "/api/auth/refresh", headers={
                "Origin": "https://shop.example", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "x-session"})
            self.assertNotIn("x-session", (asked.header("Access-Control-Allow-Headers") or "").lower())
            self.assertIsNone(asked.header("Access-Control-Allow-Credentials"))

    def test_other_values_of_the_header(self):
        for value in ("Cookie", "body", "cookie;", "1"):
            answer = self.page.post("refresh", headers={"X-Session": value})
            self.assertEqual(["header", "X-Session"], self.assertError(answer, 422, "validation_error")["errors"][0]["loc"])
        self.still_good()


class BehindAProxy(shop.ShopTest):
    settings = {"TRUSTED_PROXIES": "127.0.0.1"}

    def test_tls_at_a_trusted_proxy_makes_the_cookie_secure(self):
        page = Browser(self.shop, {"X-Forwarded-Proto": "https", "Origin": "https://shop.test"}, SECURE).register()
        name, _, rest = attributes(answer := page.post("refresh"))
        self.assertEqual((SECURE, ""), (name, rest["Secure"]))
        self.assertIn("max-age=31536000", answer.header("Strict-Transport-Security"))
        # What a page without TLS can set is not read.
        plain = Browser(self.shop, {"X-Forwarded-Proto": "https"})
        plain.jar = page.jar
        self.assertError(plain.post("refresh"), 401, "not_authenticated")

    def test_nobody_else_may_say_so(self):
        own = self.own_shop(TRUSTED_PROXIES=None)
        self.assertEqual(COOKIE, Browser(own, {"X-Forwarded-Proto": "https"}).register().name)


if __name__ == "__main__":
    shop.main()
