"""A provider's `email_verified` that is false, absent or a text that says false: never links, never vouches."""

import unittest

from client import Traveller
from issuer import AtIssuer
from support import on_both

PASSWORD = "correct horse battery"
NOT = (False, None, "false", "False", "no", "1", 0, 1, [], ["true"], {}, {"true": True}, "TRUE ", "yes")


@on_both
class UnverifiedEmail(AtIssuer):
    def setUp(self):
        super().setUp()
        self.server.account("hana")

    def test_whatever_is_not_true_vouches_for_nothing(self):
        for n, word in enumerate(NOT):
            with self.subTest(word=word):
                b = Traveller(self.server)
                claims = {"sub": f"mallory{n}", "email": "hana@example.jp"}
                answer = self.issuer.come_back(b, "corp", **claims, **({} if word is None else {"email_verified": word}))
                self.assertTrue((answer.header("Location") or "").startswith("/sign-in/corp/choose"), (answer.status, answer.cause))
                self.assertEqual(b.get("/auth/check").status, 401)
                page = b.follow(answer)
                # An address is asked for and proven by a code: nobody has vouched for this one.
                form = next(f for f in page.page.forms if "login_id" in f["fields"])
                self.assertIn("email", form["fields"])
                sent = b.post(form["action"], {**form["fields"], "login_id": f"mallory-{n}", "email": "hana@example.jp"})
                self.assertIn("/sign-up/verify", sent.header("Location") or "")
                self.assertEqual(b.get("/auth/check").status, 401)
        owner = Traveller(self.server)
        owner.sign_in("hana", PASSWORD)
        self.assertEqual(owner.get("/account/links").marks("data-link"), [])

    def test_even_a_verified_one_only_asks(self):
        for n, word in enumerate((True, "true")):
            b = Traveller(self.server)
            answer = self.issuer.come_back(b, "corp", sub=f"honest{n}", email="hana@example.jp", email_verified=word)
            page = b.follow(answer)
            form = next(f for f in page.page.forms if "login_id" in f["fields"])
            sent = b.post(form["action"], {**form["fields"], "login_id": f"honest-{n}", "email": "hana@example.jp"})
            self.assertIn("/sign-in/corp/prove", sent.header("Location") or sent.text[:300])
            self.assertEqual(b.get("/auth/check").status, 401)


if __name__ == "__main__":
    unittest.main()
