"""The attacker keeps a session; the victim recovers: dead, at every door and on every server."""

import time
import unittest

from client import Browser, Server
from support import OnBoth, on_both

PASSWORD, NEW = "correct horse battery", "an entirely new passphrase"


@on_both
class KeptSession(OnBoth):
    def test_every_kind_of_session_on_two_servers(self):
        s = self.server
        twin = Server(data=s.data, database=self.url)
        self.addCleanup(twin.stop)
        s.account("hana")
        kept = []
        for server, fields in ((s, {}), (s, {"remember": "1"}), (twin, {"remember": "1"})):
            b = Browser(server)
            self.assertEqual(b.sign_in("hana", PASSWORD, **fields).status, 303)
            kept.append(b)
        token = Browser(s).api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD, "token": True}).json["session"]["token"]
        kept += [Browser(s, Authorization=f"Bearer {token}"), Browser(twin, Authorization=f"Bearer {token}")]
        for b in kept:
            for _ in range(3):
                self.assertEqual(b.get("/auth/check").status, 200)
        form = kept[0].get("/account/security").form("/account/security")
        owner = Browser(s)
        code_form = owner.follow(owner.submit("/recover", email="hana")).form("/recover/code")
        page = owner.follow(owner.post(code_form["action"], {**code_form["fields"], "code": s.code("hana@example.jp")}))
        chosen = page.form("/recover/password")
        self.assertEqual(owner.post(chosen["action"], {**chosen["fields"], "password": NEW}).status, 303)
        for _ in range(2):
            for b in kept:
                self.assertEqual(b.get("/auth/check").status, 401)
                self.assertEqual(b.api("GET", "/api/v1/session").status, 401)
                self.assertNotIn("data-in", b.get("/").text)
            # Nor does it come back when the memory is read anew.
            time.sleep(0.8)
        changed = kept[0].post(form["action"], {**form["fields"], "current_password": NEW, "password": "the attackers pass phrase"})
        self.assertTrue(changed.status >= 400 or changed.header("Location").startswith("/sign-in"), changed.header("Location"))
        self.assertEqual(Browser(s).sign_in("hana", NEW).status, 303)


if __name__ == "__main__":
    unittest.main()
