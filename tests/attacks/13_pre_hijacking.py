"""The attacker signs up with the victim's address, the victim arrives by a provider: no merge, the attacker's password useless."""

import unittest

from client import Town, Traveller
from support import OnBoth, new_postgres, on_both

ATTACKERS = "attackers own horse"


@on_both
class PreHijacking(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url)
        self.addCleanup(self.server.__exit__)

    def useless(self, *logins):
        for login in logins:
            b = Traveller(self.server)
            answer = b.sign_in(login, ATTACKERS)
            self.assertIn(answer.status, (401, 403), login)
            self.assertEqual(b.get("/auth/check").status, 401, login)

    def test_a_sign_up_that_waits_for_its_code(self):
        s = self.server
        attacker = Traveller(s)
        form = attacker.follow(attacker.submit("/sign-up", login_id="mallory", email="Victim@example.jp", password=ATTACKERS)).form("/sign-up/verify")
        code = s.code("Victim@example.jp")
        victim = Traveller(s)
        page = victim.follow(victim.go("google", "victim"))
        choose = next(f for f in page.page.forms if "login_id" in f["fields"])
        self.assertEqual(victim.post(choose["action"], {**choose["fields"], "login_id": "victim"}).status, 303)
        self.assertEqual(victim.get("/auth/check").header("X-Kagiya-Login-Id"), "victim")
        self.useless("victim@example.jp", "victim", "mallory")
        # Even the right code of that mail makes no second account of the address, and no key to the first.
        self.assertGreaterEqual(attacker.post(form["action"], {**form["fields"], "code": code}).status, 400)
        self.assertEqual(attacker.get("/auth/check").status, 401)
        self.useless("victim@example.jp", "victim", "mallory")

    def test_an_account_that_the_attacker_finished_is_not_joined_by_an_address(self):
        # Whoever tricks the victim out of the code owns an account with that address; arriving by a provider joins nothing.
        s = self.server
        s.account("mallory", "victim@example.jp", ATTACKERS)
        for shop, person in (("google", "victim"), ("line", "victim"), ("apple", "victim"), ("town", "victim+unverified")):
            victim = Traveller(s)
            place = victim.go(shop, person).header("Location")
            self.assertTrue(place.startswith(f"/sign-in/{shop}/choose"), place)
            self.assertEqual(victim.get("/auth/check").status, 401, shop)
            page = victim.get(place)
            form = next(f for f in page.page.forms if "login_id" in f["fields"])
            answer = victim.post(form["action"], {**form["fields"], "login_id": f"victim-{shop[:4]}", "email": "victim@example.jp"})
            self.assertIn("prove" if "email" not in form["fields"] else "verify", answer.header("Location"), shop)
            self.assertEqual(victim.get("/auth/check").status, 401, shop)
        self.assertNotIn("data-link=", self.linked())

    def linked(self):
        b = Traveller(self.server)
        self.assertEqual(b.sign_in("mallory", ATTACKERS).status, 303)
        return b.get("/account/links").text


if __name__ == "__main__":
    unittest.main()
