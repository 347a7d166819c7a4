"""Sign-out by GET or cross-site: asks, refused. Sign-in cross-site: refused."""

import unittest

from client import Browser
from support import OnBoth, on_both

PASSWORD = "correct horse battery"
CROSS = (
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site", "Origin": "null"}, {"Origin": "https://evil.example"},
    {"Origin": "http://localhost"}, {"Origin": "http://127.0.0.1"}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": "https://evil.example"},
)


@on_both
class CrossSite(OnBoth):
    def setUp(self):
        super().setUp()
        self.server.account("hana")
        self.own = Browser(self.server)
        self.assertEqual(self.own.sign_in("hana", PASSWORD).status, 303)
        # Another device, so that the page of sessions has a form.
        self.assertEqual(Browser(self.server).sign_in("hana", PASSWORD).status, 303)

    def still_in(self, why):
        self.assertEqual(self.own.get("/auth/check").status, 200, why)

    def test_sign_out(self):
        b = self.own
        form = b.get("/sign-out").form("/sign-out")["fields"]
        for path in ("/sign-out", "/sign-out?confirm=1", "/logout", "/signout", "/sign-out?" + "&".join(f"{k}={v}" for k, v in form.items())):
            for method in ("GET", "HEAD"):
                answer = b.send(method, path)
                self.assertLess(answer.status, 500, path)
                self.still_in((method, path))
        for headers in CROSS:
            for fields in (form, {}):
                answer = b.post("/sign-out", fields, **headers)
                self.assertEqual((answer.status, answer.reference is None), (403, False), headers)
                self.still_in(headers)
            self.assertEqual(b.send("DELETE", "/api/v1/session", headers=headers).status, 403, headers)
            self.still_in(headers)
        # A body of another type needs no preflight; nor has a form of another browser any weight.
        self.assertGreaterEqual(b.send("POST", "/sign-out", "form=x", {"Content-Type": "text/plain"}).status, 400)
        self.assertGreaterEqual(b.post("/sign-out", Browser(self.server).get("/sign-out").form("/sign-out")["fields"]).status, 400)
        self.still_in("a foreign form")
        self.assertEqual(b.post("/sign-out", form).status, 303)
        self.assertEqual(b.get("/auth/check").status, 401)

    def test_sign_in_and_acts_of_the_signed_in(self):
        for headers in CROSS:
            stranger = Browser(self.server)
            form = stranger.get("/sign-in").form("/sign-in")["fields"]
            answer = stranger.post("/sign-in", {**form, "login": "hana", "password": PASSWORD}, **headers)
            self.assertEqual(answer.status, 403, headers)
            self.assertEqual(stranger.api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD}, **headers).status, 403, headers)
            self.assertNotIn("kagiya_session", stranger.cookies)
            for path, more in (
                ("/account/security", {"current_password": PASSWORD, "password": "a new pass phrase"}), ("/account/emails", {"email": "x@example.jp", "password": PASSWORD}),
                ("/account/close", {"password": PASSWORD}), ("/account/sessions", {"others": "1"}), ("/repair", {}), ("/recover", {"email": "hana"}), ("/unlock", {"login": "hana"}),
            ):
                page = {"/account/emails": "/account/security"}.get(path, path)
                fields = self.own.get(page).form(path)["fields"]
                self.assertIn(self.own.post(path, {**fields, **more}, **headers).status, (400, 403), (path, headers))
        self.still_in("afterwards")
        # No page says that another site may read or frame it, or send cookies.
        for path in ("/sign-in", "/account", "/api/v1/session"):
            answer = self.own.get(path, Origin="https://evil.example")
            self.assertIsNone(answer.header("Access-Control-Allow-Origin"))
        self.assertEqual(Browser(self.server).sign_in("hana", PASSWORD).status, 303)


if __name__ == "__main__":
    unittest.main()
