"""A session cookie planted before the sign-in: a new token. The attacker's flow opened by the victim: refused."""

import unittest

from client import Browser, Town, Traveller
from support import OnBoth, new_postgres, on_both

PASSWORD = "practice makes keys"


@on_both
class Fixation(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url)
        self.addCleanup(self.server.__exit__)
        self.server.account("mallory")

    def test_a_planted_session_becomes_nobodys(self):
        s = self.server

        def live():
            attacker = Browser(s)
            self.assertEqual(attacker.sign_in("mallory", "correct horse battery").status, 303)
            return attacker.cookies["kagiya_session"]

        for make in (live, lambda: "A" * 43, lambda: "x"):
            for way in ("page", "api", "provider"):
                # The victim's pages were opened before the cookie was planted.
                victim, planted = Traveller(s), make()
                form = victim.get("/sign-in").form("/sign-in")["fields"]
                place = s.decide(victim.start("google").header("Location"), person="hana") if way == "provider" else None
                victim.cookies["kagiya_session"] = planted
                if way == "page":
                    answer = victim.post("/sign-in", {**form, "login": "hana", "password": PASSWORD})
                elif way == "api":
                    answer = victim.api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD})
                else:
                    answer = victim.back(*place)
                self.assertIn(answer.status, (200, 303), (planted[:4], way, answer.cause))
                self.assertNotEqual(victim.cookies["kagiya_session"], planted)
                self.assertEqual(victim.get("/auth/check").header("X-Kagiya-Login-Id"), "hana")
                thief = Browser(s)
                thief.cookies["kagiya_session"] = planted
                self.assertEqual(thief.get("/auth/check").status, 401)

    def test_the_attackers_flows_are_worth_nothing_in_the_victims_browser(self):
        s = self.server
        attacker, victim = Traveller(s), Traveller(s)
        victim.get("/sign-in")
        up = attacker.submit("/sign-up", login_id="mallory-two", email="mtwo@example.jp", password="some unrelated phrase").header("Location")
        page = attacker.get(up).form("/sign-up/verify")["fields"]
        code = s.code("mtwo@example.jp")
        recover = attacker.follow(attacker.submit("/recover", email="mallory")).form("/recover/code")
        proven = attacker.post(recover["action"], {**recover["fields"], "code": s.code("mallory@example.jp")}).header("Location")
        choose = attacker.go("google", "mallory").header("Location")
        place, _ = s.decide(attacker.start("town").header("Location"), person="mallory")
        for path in (up, proven, choose, place.split(f":{s.port}", 1)[1]):
            answer = victim.get(path)
            self.assertIn(answer.status, (400, 410), path)
            self.assertEqual(victim.get("/auth/check").status, 401, path)
        own = victim.get("/sign-up").form("/sign-up")["fields"]["form"]
        self.assertEqual(victim.post("/sign-up/verify", {**page, "form": own, "code": code}).status, 410)
        # The attacker's page as it is, in the victim's browser: neither signs in.
        form = attacker.get("/sign-in").form("/sign-in")["fields"]
        answer = victim.post("/sign-in", {**form, "login": "mallory", "password": "correct horse battery"})
        self.assertEqual(answer.status, 400)
        self.assertNotIn("kagiya_session", victim.cookies)


if __name__ == "__main__":
    unittest.main()
