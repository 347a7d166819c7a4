"""The new password posted without a code, or with another flow's: refused."""

import unittest
import urllib.parse

from client import Browser
from support import OnBoth, on_both

PASSWORD, NEW = "correct horse battery", "an entirely new passphrase"


@on_both
class WithoutCode(OnBoth):
    def begin(self, login, path="/recover", field="email"):
        b = Browser(self.server)
        return b, b.follow(b.submit(path, **{field: login})).form(f"{path}/code")

    def refused(self, answer):
        self.assertIn(answer.status, (400, 403, 404, 410, 422), answer.text[:300])
        self.assertIsNone(answer.header("Location"))

    def test_no_flow_but_a_proven_one_of_this_browser_sets_a_password(self):
        s = self.server
        s.account("hana"), s.account("mallory")
        victim, waiting = self.begin("hana")
        s.code("hana@example.jp")
        attacker, form = self.begin("mallory")
        unlocking, unlock = self.begin("mallory", "/unlock", "login")
        token = form["fields"]["form"]
        # Not proven: with it, without one, with made-up ones; by the browser's own pages and by the API.
        own = [form["fields"]["flow"], waiting["fields"]["flow"], unlock["fields"]["flow"], "", "x", "00000000-0000-7000-8000-000000000000"]
        for flow in own:
            for more in ({}, {"once": "1"}, {"code": ""}, {"code": "000000", "listed": "1"}):
                self.refused(attacker.post("/recover/password", {"form": token, "flow": flow, "password": NEW, **more}))
            self.refused(attacker.get(f"/recover/password?flow={urllib.parse.quote(flow)}"))
            self.refused(attacker.api("POST", "/api/v1/recover/password", {"flow": flow, "password": NEW}))
        s.wait_mails("mallory@example.jp", 2)
        # The attacker proves a flow of the own account: it is good for that account alone, whatever else the form says.
        code = s.code("mallory@example.jp", nth=1)
        proven = attacker.post(form["action"], {**form["fields"], "code": code})
        if proven.status != 303:
            code = s.code("mallory@example.jp", nth=2)
            proven = attacker.post(form["action"], {**form["fields"], "code": code})
        chosen = attacker.follow(proven).form("/recover/password")["fields"]
        for flow in (waiting["fields"]["flow"], unlock["fields"]["flow"]):
            self.refused(attacker.post(f"/recover/password?flow={chosen['flow']}", {**chosen, "flow": flow, "password": NEW}))
        # A proven flow in another browser, with that browser's own page.
        for b in (victim, unlocking, Browser(s)):
            own_token = b.get("/recover").form("/recover")["fields"]["form"]
            self.refused(b.post("/recover/password", {**chosen, "form": own_token, "password": NEW}))
            self.refused(b.api("POST", "/api/v1/recover/password", {"flow": chosen["flow"], "password": NEW}))
        done = attacker.post("/recover/password", {**chosen, "email": "hana", "login": "hana", "password": NEW})
        self.assertEqual(done.status, 303, done.text[:300])
        self.refused(attacker.post("/recover/password", {**chosen, "password": "yet another passphrase"}))
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        self.assertEqual(Browser(s).sign_in("mallory", NEW).status, 303)


if __name__ == "__main__":
    unittest.main()
