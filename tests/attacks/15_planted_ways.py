"""The attacker links a provider or an address of his own first; the victim recovers: shown and removed."""

import time
import unittest

from client import Town, Traveller
from support import OnBoth, new_postgres, on_both

PASSWORD, NEW = "correct horse battery", "an entirely new passphrase"


@on_both
class PlantedWays(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url)
        self.addCleanup(self.server.__exit__)
        self.server.account("keiko")
        attacker = self.attacker = Traveller(self.server)
        attacker.sign_in("keiko", PASSWORD)
        # Two links, one of which claims the victim's own address without anybody vouching for it, and an address.
        for shop, person in (("line", "mallory"), ("town", "keiko+unverified")):
            form = attacker.get("/account/links").form(f"/account/links/{shop}")
            back = attacker.back(*self.server.decide(attacker.post(form["action"], form["fields"]).header("Location"), person=person))
            self.assertEqual(back.header("Location"), "/account/links?done=linked")
        form = attacker.get("/account/security").form("/account/emails")
        page = attacker.follow(attacker.post(form["action"], {**form["fields"], "email": "mallory@example.jp", "password": PASSWORD}))
        form = page.form("/account/emails/verify")
        self.assertEqual(attacker.post(form["action"], {**form["fields"], "code": self.server.code("mallory@example.jp")}).status, 303)
        form = attacker.get("/account/security").form("/account/emails/change")
        attacker.post(form["action"], {**form["fields"], "address": "mallory@example.jp", "primary": "1"})

    def recover(self):
        owner = Traveller(self.server)
        form = owner.follow(owner.submit("/recover", email="keiko@example.jp")).form("/recover/code")
        page = owner.follow(owner.post(form["action"], {**form["fields"], "code": self.server.code("keiko@example.jp")}))
        return owner, page, page.form("/recover/password")["fields"]

    def gone(self):
        for shop, person in (("line", "mallory"), ("town", "keiko+unverified")):
            place = Traveller(self.server).go(shop, person).header("Location")
            self.assertTrue(place.startswith(f"/sign-in/{shop}/choose"), place)
        self.assertEqual(Traveller(self.server).sign_in("mallory@example.jp", NEW).status, 401)
        self.assertEqual(Traveller(self.server).sign_in("keiko@example.jp", NEW).status, 303)
        # A recovery by the planted address finds nobody.
        Traveller(self.server).submit("/recover", email="mallory@example.jp")
        for _ in range(200):
            if any("登録はありません" in mail["Subject"] for mail in self.server.mails("mallory@example.jp")):
                break
            time.sleep(0.05)
        else:
            self.fail([mail["Subject"] for mail in self.server.mails("mallory@example.jp")])

    def test_the_page_shows_all_and_they_go(self):
        owner, page, fields = self.recover()
        self.assertIn("data-ways", page.text)
        self.assertGreaterEqual(page.text.count("m•••@e•••.jp"), 2)
        self.assertEqual(owner.post("/recover/password", {**fields, "password": NEW}).status, 303)
        self.gone()

    def test_they_go_too_where_no_list_was_shown(self):
        owner, _, fields = self.recover()
        self.assertEqual(owner.api("POST", "/api/v1/recover/password", {"flow": fields["flow"], "password": NEW}).status, 200)
        self.gone()


if __name__ == "__main__":
    unittest.main()
