"""1 MiB passwords and cookies, deep JSON, 10,000 fields: 4xx, fast, and no hash is run."""

import time
import unittest
import urllib.parse

from client import Browser
from support import OnBoth, on_both

PASSWORD, MIB = "correct horse battery", "x" * 1_048_576


@on_both
class TooMuch(OnBoth):
    def checks(self):
        return self.server.metric("kagiya_hash_checks_total")

    def fast(self, name, ask):
        # The server's own sign-in is a check as well, every few seconds: one or two are not ours.
        before, begun = self.checks(), time.time()
        answers = [ask() for _ in range(3)]
        self.assertLess(time.time() - begun, 6, name)
        self.assertEqual({answer.status // 100 for answer in answers}, {4}, (name, [answer.status for answer in answers]))
        self.assertLessEqual(self.checks() - before, 2, name)

    def test_large_values(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        form = b.get("/sign-in").form("/sign-in")["fields"]
        for field in ("password", "login"):
            self.fast(f"form {field}", lambda: b.post("/sign-in", {**form, "login": "hana", "password": PASSWORD, field: MIB}))
            self.fast(f"json {field}", lambda: b.api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD, field: MIB}))
        for size in (257, 4_097, 60_000):
            self.fast(f"password of {size}", lambda: b.post("/sign-in", {**form, "login": "hana", "password": "é" * size}))
        up = b.get("/sign-up").form("/sign-up")["fields"]
        self.fast("sign-up", lambda: b.post("/sign-up", {**up, "login_id": "taro", "email": "taro@example.jp", "password": MIB}))
        code = b.follow(b.submit("/recover", email="hana")).form("/recover/code")["fields"]
        self.fast("code", lambda: b.post("/recover/code", {**code, "code": MIB}))
        own = Browser(s)
        own.sign_in("hana", PASSWORD)
        change = own.get("/account/security").form("/account/security")["fields"]
        self.fast("current password", lambda: own.post("/account/security", {**change, "current_password": MIB, "password": "a new pass phrase"}))
        self.fast("new password", lambda: own.post("/account/security", {**change, "current_password": "", "password": MIB}))
        self.fast("query", lambda: b.get("/sign-in?return_to=/" + "a" * 70_000))
        for cookie in ("kagiya_session", "kagiya_flow", "kagiya_device", "x"):
            self.fast(cookie, lambda: b.post("/sign-in", {**form, "login": "hana", "password": PASSWORD}, Cookie=f"{cookie}={'x' * 110_000}"))

    def test_many_and_deep(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        form = b.get("/sign-in").form("/sign-in")["fields"]
        typed = urllib.parse.urlencode({**form, "login": "hana", "password": PASSWORD})
        rest = "&".join(f"f{n}=1" for n in range(10_000))
        send = lambda path, body, kind: b.send("POST", path, body, {"Content-Type": kind})
        for name, body in (("first", f"{rest}&{typed}"), ("last", f"{typed}&{rest}"), ("same", typed + "&password=x" * 10_000)):
            self.fast(f"fields {name}", lambda: send("/sign-in", body, "application/x-www-form-urlencoded"))
        members = '{"login":"hana","password":"' + PASSWORD + '"' + "".join(f',"f{n}":1' for n in range(10_000)) + "}"
        deep = ["[" * 30_000, '{"a":' * 10_000, '{"login":' + "[" * 20_000 + "]" * 20_000 + ',"password":"x"}', '{"login":"hana","password":"x","more":' + '{"a":' * 200 + "1" + "}" * 201]
        for path in ("sign-in", "sign-up", "recover", "recover/code"):
            for n, body in enumerate([members, *deep]):
                self.fast(f"json {path} {n}", lambda: send(f"/api/v1/{path}", body, "application/json"))
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)


if __name__ == "__main__":
    unittest.main()
