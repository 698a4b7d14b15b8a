"""The pages: which address shows which, what they may load, and a folder of the shop's own."""
import gzip
import html.parser
import os
import re

import shop
from wire import wait_until

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
          "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
STOREFRONT = ("/", "/p/anything", "/orders", "/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/login", "/register", "/account")
CONSOLE = ("/admin", "/admin/", "/admin/sale", "/admin/products/x/edit")
KINDS = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml", "woff2": "font/woff2",
         "png": "image/png", "webmanifest": "application/manifest+json", "ico": "image/x-icon"}


class Page(html.parser.HTMLParser):
    """What a page refers to, and what its policy would forbid."""

    def __init__(self, text):
        super().__init__()
        self.links, self.inline = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        for name, value in attrs.items():
            if name.startswith("on") or name == "style" or (value or "").startswith("javascript:"):
                self.inline.append((tag, name, value))
        if tag == "style" or (tag == "script" and "src" not in attrs and attrs.get("type") != "application/json"):
            self.inline.append((tag, "", ""))
        if tag in ("script", "img", "link", "iframe") and (attrs.get("src") or attrs.get("href")):
            self.links.append(attrs.get("src") or attrs.get("href"))


class Pages(shop.ShopTest):
    def page(self, path):
        answer = self.shop.get(path)
        self.assertEqual(200, answer.status, answer)
        self.assertEqual("text/html; charset=utf-8", answer.header("Content-Type"))
        self.assertEqual(POLICY, answer.header("Content-Security-Policy"))
        self.assertEqual("nosniff", answer.header("X-Content-Type-Options"))
        self.assertEqual("same-origin", answer.header("Cross-Origin-Opener-Policy"))
        self.assertEqual("no-cache", answer.header("Cache-Control"))
        self.assertIsNone(answer.header("Set-Cookie"))
        return answer

    def test_every_address_shows_its_page(self):
        shop_page, console = self.page("/").body, self.page("/admin").body
        self.assertNotEqual(shop_page, console)
        for paths, expected in ((STOREFRONT, shop_page), (CONSOLE, console)):
            for path in paths:
                with self.subTest(path=path):
                    self.assertEqual(expected, self.page(path).body)
                    self.assertEqual(expected, self.page(path + "?from=mail").body)
                    head = self.shop.request("HEAD", path)
                    self.assertEqual((200, str(len(expected))), (head.status, head.header("Content-Length")))

    def test_pages_load_only_what_is_here_and_allowed(self):
        for path in ("/", "/admin", "/docs"):
            with self.subTest(path=path):
                page = Page(self.page(path).body.decode())
                self.assertEqual([], page.inline, "the page's own policy forbids these")
                self.assertTrue(any(link.endswith(".js") for link in page.links))
                for link in page.links:
                    self.assertTrue(link.startswith("/") and not link.startswith("//"), link)
                    self.loads(link)

    def loads(self, link):
        loaded = self.shop.get(link)
        self.assertEqual(200, loaded.status, link)
        self.assertTrue(loaded.body)
        self.assertEqual(KINDS[link.rsplit(".", 1)[1]], loaded.header("Content-Type"), link)
        self.assertEqual("public, max-age=31536000, immutable" if link.startswith("/assets/") else "no-cache",
                         loaded.header("Cache-Control"), link)
        if link.endswith((".js", ".css")):
            zipped = self.shop.get(link, headers={"Accept-Encoding": "br, gzip"})
            self.assertEqual("Accept-Encoding", zipped.header("Vary"), link)
            plain = gzip.decompress(zipped.body) if zipped.header("Content-Encoding") == "gzip" else zipped.body
            self.assertEqual(loaded.body, plain, link)
        again = self.shop.get(link, headers={"If-None-Match": loaded.header("ETag")})
        self.assertEqual((304, b""), (again.status, again.body), link)

    def test_pages_are_asked_for_again_and_not_sent_again(self):
        first = self.page("/")
        again = self.shop.get("/orders", headers={"If-None-Match": first.header("ETag")})
        self.assertEqual((304, first.header("ETag")), (again.status, again.header("ETag")))
        self.assertEqual(POLICY, again.header("Content-Security-Policy"))

    def test_pictures_of_the_demo_are_there(self):
        for name in ("aurora-lamp", "night-train-poster", "first-pressing"):
            with self.subTest(name=name):
                self.loads(f"/art/{name}.svg")

    def test_what_is_not_there(self):
        browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        for path in ("/nowhere", "/orders/1/2", "/p", "/administrator"):
            with self.subTest(path=path):
                page = self.shop.get(path, headers=browser)
                self.assertEqual((404, "text/html; charset=utf-8"), (page.status, page.header("Content-Type")))
                self.assertEqual((POLICY, "no-store"), (page.header("Content-Security-Policy"), page.header("Cache-Control")))
                self.assertError(self.shop.get(path), 404, "not_found")
                self.assertError(self.shop.post(path, {}, headers=browser), 404, "not_found")
        for path in ("/api", "/api/nothing", "/api/admin", "/assets/nothing-1a2b3c4d.js", "/assets/nothing", "/index.html", "/start.js"):
            with self.subTest(path=path):
                answer = self.shop.get(path, headers=browser if path.startswith(("/api/", "/assets/")) else None)
                self.assertError(answer, 404, "not_found")

    def test_pages_are_only_read(self):
        for path in (*STOREFRONT, *CONSOLE, "/assets/x.js"):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                with self.subTest(path=path, method=method):
                    answer = self.shop.request(method, path, {})
                    self.assertError(answer, 405, "method_not_allowed")
                    self.assertEqual("GET, HEAD", answer.header("Allow"))

    def test_files_outside_are_not_served(self):
        for path in ("/../api/openapi.json", "/..%2f..%2fetc/passwd", "/api/openapi.json", "/assets/../../x", "/assets/..%2f..%2fx",
                     "/assets/%2e%2e/index.html", "/art/..", "/.git/config", "/data/journal.db", "/token.keys", "/assets//x", "/assets/\\x",
                     "/assets/.scalemart-sources", "/.scalemart-sources"):
            with self.subTest(path=path), self.shop.connect() as c:
                self.assertIn(c.request("GET", path, headers={"Accept": "text/html"}).status, (400, 404))

    def test_asking_for_pages_makes_no_new_series(self):
        def series():
            lines = self.shop.admin.get("/metrics").body.decode().splitlines()
            return {line.rsplit(" ", 1)[0] for line in lines if line.startswith("scalemart_http_")}
        for path in ("/p/x", "/admin/x", "/assets/x"):
            self.shop.get(path)
        series()
        before = series()
        for i in range(100):
            for path in (f"/p/x{i}", f"/admin/{i}", f"/assets/{i}.js"):
                self.shop.get(path)
        self.assertEqual(before, series())
        self.assertTrue(any('route="/assets/*"' in name for name in before))


class OwnPages(shop.ShopTest):
    """SCALEMART_PAGES."""

    def folder(self, **files):
        root = os.path.join(self.shop.root, f"pages-{len(os.listdir(self.shop.root))}")
        for name, content in files.items():
            path = os.path.join(root, *name.replace("_dot_", ".").split("_in_")[::-1])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        return root

    def test_a_folder_of_its_own(self):
        root = self.folder(index_dot_html="<!doctype html><title>Mine</title>", own_dot_js_in_assets="1", logo_dot_svg="<svg/>",
                           page_dot_js_in_code="2", hidden_in__dot_git="no")
        own = self.own_shop(PAGES=root)
        for path in STOREFRONT:
            self.assertIn(b"Mine", own.get(path).body)
        self.assertEqual(POLICY, own.get("/").header("Content-Security-Policy"))
        self.assertEqual((b"1", "public, max-age=31536000, immutable"),
                         ((a := own.get("/assets/own.js")).body, a.header("Cache-Control")))
        self.assertEqual((b"2", "no-cache"), ((a := own.get("/code/page.js")).body, a.header("Cache-Control")))
        self.assertEqual("image/svg+xml", own.get("/logo.svg").header("Content-Type"))
        for path in ("/admin", "/admin/x", "/.git/hidden", "/code/", "/code/../index.html"):
            self.assertIn(own.get(path).status, (400, 404), path)
        self.assertEqual(200, own.get("/docs").status)
        self.assertTrue(own.get("/openapi.json").json()["openapi"])
        # It was read at the start: what comes later is not there, what went is.
        with open(os.path.join(root, "late.js"), "w", encoding="utf-8") as file:
            file.write("3")
        os.remove(os.path.join(root, "logo.svg"))
        self.assertEqual((404, 200), (own.get("/late.js").status, own.get("/logo.svg").status))

    def test_folders_that_cannot_be_served(self):
        file = self.folder(index_dot_html="x") + "/index.html"
        linked = self.folder(index_dot_html="x")
        os.symlink("/etc/hostname", linked + "/name.txt")
        for root, words in ((self.shop.root + "/nothing", "there is no folder"), (file, "there is no folder"),
                            (self.folder(other_dot_html="x"), "has no index.html"),
                            (self.folder(index_dot_html="x", x_in_api="x"), "would hide /api"),
                            (self.folder(index_dot_html="x", docs_dot_css="x"), "would hide /docs.css"),
                            (linked, "is no file of this folder")):
            with self.subTest(root=root, words=words):
                own = shop.Shop(start=False, PAGES=root)
                self.addCleanup(own.close)
                own.spawn()
                wait_until(lambda: own.process.poll() is not None, what="it ends")
                self.assertEqual(shop.EXIT_CANNOT_RUN, own.process.returncode)
                own.ended = True
                line = own.log_tail().strip().splitlines()[-1]
                self.assertTrue(re.match(r"scalemart: SCALEMART_PAGES: .*" + re.escape(words), line), line)


if __name__ == "__main__":
    shop.main()
