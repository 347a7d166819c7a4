"""A proof made for one subject consumed for another of the same provider: refused."""

import unittest

from client import Town, Traveller
from support import OnBoth, new_postgres, on_both

PASSWORD = "correct horse battery"


@on_both
class ProofOfAnother(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url)
        self.addCleanup(self.server.__exit__)
        self.server.account("keiko")

    def ask(self, b, person):
        """The identity waits, and its owner is asked in keiko's mailbox."""
        form = next(f for f in b.follow(b.go("google", person)).page.forms if "login" in f["fields"])
        proving = b.follow(b.post(form["action"], {**form["fields"], "login": "keiko", "mail": "1"})).form("/sign-in/google/prove")
        return form, proving

    def linked(self, person):
        return not (Traveller(self.server).go("google", person).header("Location") or "").startswith("/sign-in/google/choose")

    def test_codes_in_one_browser_and_in_two(self):
        s = self.server
        both, other = Traveller(s), Traveller(s)
        _, own = self.ask(both, "keiko-here")
        code = s.code("keiko@example.jp", nth=1)
        waiting, mallory = self.ask(both, "mallory")
        _, elsewhere = self.ask(other, "mallory-two")
        s.code("keiko@example.jp", nth=3)
        for b, form in ((both, mallory), (other, elsewhere)):
            answer = b.post(form["action"], {**form["fields"], "code": code})
            self.assertIn(answer.status, (401, 410))
        # The flow of one with the page of the other, and the waiting identity's key in the place of the flow's.
        for fields in ({**mallory["fields"], "flow": waiting["fields"]["flow"]}, {**elsewhere["fields"], "flow": own["fields"]["flow"]}):
            answer = other.post(own["action"], {**fields, "form": elsewhere["fields"]["form"], "code": code})
            self.assertIn(answer.status, (401, 410))
        # At another provider's door, as a recovery, an unlocking, a sign-up: a code is for what it was mailed for.
        for path in ("/sign-in/town/prove", "/recover/code", "/unlock/code", "/sign-up/verify"):
            answer = both.post(path, {**own["fields"], "email": "keiko", "login": "keiko", "code": code})
            self.assertIn(answer.status, (401, 404, 410), path)
        self.assertEqual(both.get("/auth/check").status, 401)
        self.assertFalse(self.linked("mallory") or self.linked("mallory-two"))

    def test_a_password_proves_for_the_identity_of_its_page(self):
        b = Traveller(self.server)
        first = next(f for f in b.follow(b.go("google", "keiko-here")).page.forms if "password" in f["fields"])
        b.follow(b.go("google", "mallory"))
        done = b.post(first["action"], {**first["fields"], "login": "keiko", "password": PASSWORD})
        self.assertEqual(done.status, 303, done.text[:300])
        self.assertTrue(self.linked("keiko-here"))
        self.assertFalse(self.linked("mallory"))
        # It is spent: the same page links nothing once more.
        again = b.post(first["action"], {**first["fields"], "login": "keiko", "password": PASSWORD})
        self.assertEqual(again.status, 410)


if __name__ == "__main__":
    unittest.main()
