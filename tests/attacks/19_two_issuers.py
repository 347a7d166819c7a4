"""The same subject at two issuers: two identities."""

import unittest

from client import Server, Traveller
from issuer import Issuer
from support import OnBoth, new_postgres, on_both, sql


@on_both
class TwoIssuers(OnBoth):
    def setUp(self):
        self.one, self.two = Issuer(), Issuer()
        self.addCleanup(self.one.close)
        self.addCleanup(self.two.close)
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Server(database=self.url, toml=self.one.settings("one") + self.two.settings("two"))
        self.addCleanup(self.server.__exit__)

    def member(self, issuer, name, login_id):
        b = Traveller(self.server)
        page = b.follow(issuer.come_back(b, name, sub="42", email=f"{login_id}@example.jp", email_verified=True))
        form = next(f for f in page.page.forms if "login_id" in f["fields"])
        self.assertEqual(b.post(form["action"], {**form["fields"], "login_id": login_id}).status, 303)

    def who(self, issuer, name, **claims):
        b = Traveller(self.server)
        answer = issuer.come_back(b, name, **{"sub": "42", **claims})
        return b.get("/auth/check").header("X-Kagiya-Login-Id") if answer.status == 303 else answer.cause

    def test_each_has_its_own_account(self):
        self.member(self.one, "one", "hana-one")
        # The other issuer's 42 is nobody yet, whatever address it brings.
        b = Traveller(self.server)
        answer = self.two.come_back(b, "two", sub="42", email="hana-one@example.jp", email_verified=True)
        self.assertTrue(answer.header("Location").startswith("/sign-in/two/choose"))
        self.assertEqual(b.get("/auth/check").status, 401)
        self.member(self.two, "two", "hana-two")
        self.assertEqual(self.who(self.one, "one"), "hana-one")
        self.assertEqual(self.who(self.two, "two"), "hana-two")
        # One issuer in the other's name, and subjects that are almost the same.
        self.assertEqual(self.who(self.two, "two", iss=self.one.url), "external.config")
        self.assertEqual(self.who(self.one, "one", iss=f"{self.one.url}/"), "external.config")
        for sub in ("42 ", "042", "４２", "42\u200b"):
            self.assertNotIn(self.who(self.one, "one", sub=sub), ("hana-one", "hana-two"), repr(sub))
        kept = sql(self.server, self.url, "SELECT COUNT(DISTINCT issuer) FROM link WHERE subject = '42' AND removed_at IS NULL")
        self.assertEqual(kept, ["2"])


if __name__ == "__main__":
    unittest.main()
