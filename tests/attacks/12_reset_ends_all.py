"""A reset while an attacker holds sessions, a half-done sign-in, a pending address change: all dead."""

import unittest

from client import Browser, Town, Traveller
from support import OnBoth, new_postgres, on_both

PASSWORD, NEW = "practice makes keys", "an entirely new passphrase"


@on_both
class ResetEndsAll(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url)
        self.addCleanup(self.server.__exit__)

    def test_all_that_was_begun(self):
        s = self.server
        thief = Traveller(s)
        self.assertEqual(thief.sign_in("hana", PASSWORD, remember="1").status, 303)
        by_link = Traveller(s)
        self.assertEqual(by_link.go("google", "hana").status, 303)
        token = Browser(s).api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD, "token": True}).json["session"]["token"]
        bearer = Browser(s, Authorization=f"Bearer {token}")
        self.assertEqual(bearer.get("/auth/check").status, 200)
        # A pending address change, with its code in the attacker's mailbox.
        form = thief.get("/account/security").form("/account/emails")
        page = thief.follow(thief.post(form["action"], {**form["fields"], "email": "mallory@example.jp", "password": PASSWORD}))
        pending = page.form("/account/emails/verify")
        address_code = s.code("mallory@example.jp")
        # A link that is half done, a recovery and an unlocking of the attacker's own, a form with the old password.
        page = thief.get("/account/links")
        link = dict(zip(page.marks("data-link-provider"), page.marks("data-link")))["town"]
        form = page.form(f"/account/links/{link}/relink")
        half = s.decide(thief.post(form["action"], form["fields"]).header("Location"), person="mallory")
        other = Browser(s)
        other_form = other.follow(other.submit("/recover", email="hana")).form("/recover/code")
        other_code = s.code("hana@example.jp")
        late = Browser(s)
        late_form = late.get("/sign-in").form("/sign-in")["fields"]

        owner = Browser(s)
        form = owner.follow(owner.submit("/recover", email="hana@example.jp")).form("/recover/code")
        page = owner.follow(owner.post(form["action"], {**form["fields"], "code": s.code("hana@example.jp", nth=2)}))
        form = page.form("/recover/password")
        self.assertEqual(owner.post(form["action"], {**form["fields"], "password": NEW}).status, 303)

        for b in (thief, by_link, bearer):
            self.assertEqual(b.get("/auth/check").status, 401)
            self.assertEqual(b.api("GET", "/api/v1/session").status, 401)
        landed = thief.post("/account/emails/verify", {**pending["fields"], "code": address_code})
        self.assertNotEqual(landed.header("Location"), "/account/security?done=email")
        self.assertNotEqual(thief.back(*half).header("Location"), "/account/links?done=relinked")
        self.assertEqual(other.post(other_form["action"], {**other_form["fields"], "code": other_code}).status // 100, 4)
        self.assertEqual(late.post("/sign-in", {**late_form, "login": "hana", "password": PASSWORD}).status, 401)
        # The known-device mark of the attacker counts for nothing any more; nothing of theirs is in the account.
        me = Browser(s)
        self.assertEqual(me.sign_in("hana", NEW).status, 303)
        self.assertNotIn("mallory", me.get("/account/security").text)
        self.assertNotIn("m•••@e•••.jp", me.get("/account/links").text)
        self.assertEqual(Browser(s).sign_in("mallory@example.jp", NEW).status, 401)


if __name__ == "__main__":
    unittest.main()
