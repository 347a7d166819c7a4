"""A locked account by every door, also a flow begun before the lock: the same answer, and nobody gets in."""

import unittest

from client import Browser, Town, Traveller
from support import OnBoth, new_postgres, on_both

PASSWORD = "practice makes keys"


@on_both
class LockedDoors(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url)
        self.addCleanup(self.server.__exit__)

    def state(self, answer):
        self.assertEqual((answer.status, answer.cause, answer.mark("data-audience")), (403, "credential.account_state", "owner"))

    def test_every_door(self):
        s = self.server
        old = Browser(s)
        self.assertEqual(old.sign_in("hana", PASSWORD).status, 303)
        token = Browser(s).api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD, "token": True}).json["session"]["token"]
        before = Traveller(s)
        form = before.get("/sign-in").form("/sign-in")["fields"]
        place = s.decide(before.start("google").header("Location"), person="hana")
        chooser = Traveller(s)
        choose = chooser.follow(chooser.go("line", "mallory")).page
        have = next(f for f in choose.forms if "password" in f["fields"])
        owner = Browser(s)
        begun = owner.follow(owner.submit("/recover", email="hana")).form("/recover/code")
        proven = owner.follow(owner.post(begun["action"], {**begun["fields"], "code": s.code("hana@example.jp")})).form("/recover/password")
        s.run("account", "lock", "hana")
        # What was open is shut at once.
        self.assertEqual(old.get("/auth/check").status, 401)
        self.assertEqual(Browser(s, Authorization=f"Bearer {token}").get("/auth/check").status, 401)
        # Doors: the form, a form of before, the API, a provider, a provider's answer of before, the choice.
        self.state(Browser(s).sign_in("hana", PASSWORD))
        self.state(Browser(s).sign_in("hana@example.jp", PASSWORD))
        self.state(before.post("/sign-in", {**form, "login": "hana", "password": PASSWORD}))
        told = Browser(s).api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD})
        self.assertEqual((told.status, told.json["cause"]), (403, "credential.account_state"))
        self.state(Traveller(s).go("apple", "hana"))
        self.state(before.back(*place))
        self.state(chooser.post(have["action"], {**have["fields"], "login": "hana", "password": PASSWORD}))
        # A recovery that was proven before sets no password, and unlocking undoes nothing.
        self.assertGreaterEqual(owner.post(proven["action"], {**proven["fields"], "password": "a new pass phrase"}).status, 400)
        self.state(Browser(s).sign_in("hana", PASSWORD))
        # Who has no password right hears what everybody hears.
        refused = Browser(s).sign_in("hana", "wrong password")
        self.assertEqual((refused.status, refused.cause), (401, "credential.password"))
        self.assertIn('"state":"locked"', s.run("account", "show", "hana", "--json").stdout)


if __name__ == "__main__":
    unittest.main()
