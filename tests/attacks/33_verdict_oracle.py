"""The verdict as an oracle: no evidence, candidate, order, confidence or length tells a stranger about an account."""

import time
import unittest

from client import Browser, Town
from safety_test import masked
from support import OnBoth, new_postgres, on_both

PASSWORD, NEW = "correct horse battery", "an entirely new passphrase"
STATES = ("lock", "suspend", "sleep", "close")


@on_both
class VerdictOracle(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url, toml="[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n")
        self.addCleanup(self.server.__exit__)

    def told(self, login, password):
        """All that a stranger is told of one attempt: the page, the problem, and what the reference shows later."""
        s, b, c = self.server, Browser(self.server), Browser(self.server)
        page = b.sign_in(login, password)
        c.get("/sign-in")
        problem = c.api("POST", "/api/v1/sign-in", {"login": login, "password": password})
        again = [b.get(f"/why/{page.reference}"), b.get(f"/api/v1/attempts/{page.reference}")]
        time.sleep(0.3)
        # By now what is gathered after the answer is there.
        again += [b.get(f"/why/{page.reference}"), b.get(f"/api/v1/attempts/{page.reference}"), b.get(f"/sign-in?login={login}")]
        return [masked(answer, login, page.reference) for answer in (page, problem, *again)]

    def test_whatever_is_true_of_an_account(self):
        s = self.server
        for name in ("plain-acc", "staff-acc", "reset-acc", *(f"{state:x<5}-acc" for state in STATES)):
            s.account(name)
        s.run("account", "grant", "staff-acc")
        for state in STATES:
            s.run("account", state, f"{state:x<5}-acc", *(["--yes"] if state == "close" else []))
        # One whose password is another by now, and one whose sign-up waits for its code.
        b = Browser(s)
        b.sign_in("reset-acc", PASSWORD)
        form = b.get("/account/security").form("/account/security")
        self.assertEqual(b.post(form["action"], {**form["fields"], "current_password": PASSWORD, "password": NEW}).status, 303)
        self.assertEqual(Browser(s).submit("/sign-up", login_id="begun-acc", email="begun@example.jp", password=NEW).status, 303)
        # The words typed are slips, old passwords, common ones or nothing like it: the truth differs, the answer does not.
        for n, typed in enumerate((PASSWORD.upper(), f"{PASSWORD}x", "password1234", "nothing like any of them")):
            expected = self.told("nobody-acc", typed)
            logins = ["plain-acc", "staff-acc", "begun-acc", "reset-acc", "taro", *(f"{state:x<5}-acc" for state in STATES)]
            for login in logins if n == 0 else logins[n::3]:
                for mine, other in zip(self.told(login, typed), expected, strict=True):
                    self.assertEqual(mine, other, (login, typed))
        # An old password is no less wrong to a stranger.
        for mine, other in zip(self.told("reset-acc", PASSWORD), self.told("nobody-acc", PASSWORD), strict=True):
            self.assertEqual(mine, other)


if __name__ == "__main__":
    unittest.main()
