"""The attacker begins an address change, the victim recovers, the old code comes: refused."""

import unittest

from client import Browser
from support import OnBoth, on_both

PASSWORD, NEW = "correct horse battery", "an entirely new passphrase"


@on_both
class PendingAddress(OnBoth):
    def begin(self, browser, password=PASSWORD):
        form = browser.get("/account/security").form("/account/emails")
        page = browser.follow(browser.post(form["action"], {**form["fields"], "email": "mallory@example.jp", "password": password}))
        return page.form("/account/emails/verify")

    def reset(self):
        s, owner = self.server, Browser(self.server)
        form = owner.follow(owner.submit("/recover", email="hana@example.jp")).form("/recover/code")
        page = owner.follow(owner.post(form["action"], {**form["fields"], "code": s.code("hana@example.jp")}))
        form = page.form("/recover/password")
        self.assertEqual(owner.post(form["action"], {**form["fields"], "password": NEW}).status, 303)

    def test_the_code_of_before_adds_nothing(self):
        s = self.server
        s.account("hana")
        attacker = Browser(s)
        attacker.sign_in("hana", PASSWORD)
        pending = self.begin(attacker)
        code = s.code("mallory@example.jp")
        self.reset()
        for _ in range(2):
            answer = attacker.post(pending["action"], {**pending["fields"], "code": code})
            self.assertNotIn("done=email", answer.header("Location") or "")
        # Nor by the victim's hand: in the very browser that began it, signed in anew.
        self.assertEqual(attacker.sign_in("hana", NEW).status, 303)
        token = attacker.get("/account/security").form("/account/emails")["fields"]["form"]
        for more in ({}, {"resend": "1"}):
            answer = attacker.post(pending["action"], {**pending["fields"], "form": token, "code": code, **more})
            self.assertEqual(answer.status, 410, answer.text[:300])
        self.assertNotIn("mallory@example.jp", attacker.get("/account/security").text)
        self.assertEqual(Browser(s).sign_in("mallory@example.jp", NEW).status, 401)
        # A change of the password ends one as well.
        pending = self.begin(attacker, NEW)
        code = s.code("mallory@example.jp", nth=2)
        form = attacker.get("/account/security").form("/account/security")
        self.assertEqual(attacker.post(form["action"], {**form["fields"], "current_password": NEW, "password": "a third pass phrase"}).status, 303)
        self.assertEqual(attacker.post(pending["action"], {**pending["fields"], "code": code}).status, 410)
        self.assertNotIn("mallory@example.jp", attacker.get("/account/security").text)


if __name__ == "__main__":
    unittest.main()
