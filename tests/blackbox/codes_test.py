"""Mailed codes under attack, and what a finished reset leaves of what was begun before."""

from client import Browser
from support import OnBoth, on_both

PASSWORD = "correct horse battery"
NEW = "an entirely new passphrase"
WRONG = "000000"


class Codes(OnBoth):
    def begin(self, path="/recover", field="email"):
        """A browser that asked for a code, and the form to type it in."""
        b = Browser(self.server)
        return b, b.follow(b.submit(path, **{field: "hana"})).form(f"{path}/code")

    def type(self, b, form, code):
        return b.post(form["action"], {**form["fields"], "code": code})

    def elsewhere(self, code, path="/recover"):
        b = Browser(self.server)
        form = b.get(f"{path}/code").form(f"{path}/code")
        return b, b.post(form["action"], {**form["fields"], "email": "hana", "login": "hana", "code": code})

    def facts(self, answer):
        return [fact["fact"] for fact in self.server.why(answer.reference)["evidence"]]

    def test_a_code_is_good_for_five_tries_elsewhere_and_these_are_not_the_owners(self):
        self.server.account("hana")
        b, form = self.begin()
        code = self.server.code("hana@example.jp")
        for _ in range(5):
            _, answer = self.elsewhere(WRONG)
            self.assertNotIn("code_tries_spent", self.facts(answer))
        # Each stranger is another browser, with a flow of its own; the right code is worth nothing to them now.
        _, answer = self.elsewhere(code)
        self.assertEqual(answer.status, 401)
        self.assertIn("code_tries_spent", self.facts(answer))
        self.assertEqual(self.type(b, form, code).status, 303)

    def test_a_code_whose_tries_are_spent_where_it_was_asked_for_is_spent_everywhere(self):
        self.server.account("hana")
        b, form = self.begin()
        code = self.server.code("hana@example.jp")
        for _ in range(5):
            self.assertEqual(self.type(b, form, WRONG).status, 401)
        self.assertEqual(self.type(b, form, code).status, 401)
        _, answer = self.elsewhere(code)
        self.assertEqual(answer.status, 401)
        self.assertIn("code_tries_spent", self.facts(answer))

    def test_an_account_has_one_cap_over_all_flows(self):
        self.server.account("hana")
        begun = [self.begin(*way) for way in (("/recover", "email"), ("/unlock", "login")) * 2]
        self.server.wait_mails("hana@example.jp", 4)
        for b, form in begun:
            for _ in range(5):
                answer = self.type(b, form, WRONG)
                self.assertEqual(answer.status, 401)
                self.assertNotIn("code_cap_reached", self.facts(answer))
        # Twenty in all. The right code of a fifth flow is not even looked at.
        b, form = self.begin()
        self.server.wait_mails("hana@example.jp", 5)
        answer = self.type(b, form, self.server.code("hana@example.jp"))
        self.assertEqual(answer.status, 401)
        self.assertIn("code_cap_reached", self.facts(answer))

    def test_a_finished_reset_ends_every_other_code(self):
        self.server.account("hana")
        owner, form = self.begin()
        page = owner.follow(self.type(owner, form, self.server.code("hana@example.jp")))
        # Somebody who reads another mailbox of the account has a code made meanwhile: the newest.
        self.begin()
        second = self.server.code("hana@example.jp", nth=2)
        unlock, unlock_form = self.begin("/unlock", "login")
        third = self.server.code("hana@example.jp", nth=3)
        chosen = page.form("/recover/password")
        self.assertEqual(owner.post(chosen["action"], {**chosen["fields"], "password": NEW}).status, 303)
        for answer in (self.elsewhere(second)[1], self.type(unlock, unlock_form, third)):
            self.assertIn(answer.status, (401, 410))
        self.assertEqual(Browser(self.server).sign_in("hana", NEW).status, 303)

    def test_a_changed_password_ends_every_code_and_renews_this_session(self):
        self.server.account("hana")
        b, other = Browser(self.server), Browser(self.server)
        b.sign_in("hana", PASSWORD), other.sign_in("hana", PASSWORD)
        self.begin()
        code = self.server.code("hana@example.jp")
        before = b.cookies["kagiya_session"]
        form = b.get("/account/security").form("/account/security")
        changed = b.post(form["action"], {**form["fields"], "current_password": PASSWORD, "password": NEW})
        self.assertEqual(changed.status, 303, changed.text[:500])
        self.assertNotEqual(b.cookies["kagiya_session"], before)
        self.assertEqual(b.get("/auth/check").status, 200)
        self.assertEqual(other.get("/auth/check").status, 401)
        thief = Browser(self.server)
        thief.cookies["kagiya_session"] = before
        self.assertEqual(thief.get("/auth/check").status, 401)
        self.assertEqual(self.elsewhere(code)[1].status, 401)

    def test_an_added_address_that_looks_like_a_slip_is_asked_about(self):
        self.server.account("hana")
        b = Browser(self.server)
        b.sign_in("hana", PASSWORD)
        form = b.get("/account/security").form("/account/emails")
        asked = b.post(form["action"], {**form["fields"], "email": "hana@gmial.com", "password": PASSWORD})
        self.assertEqual(asked.status, 200)
        self.assertIn("gmail.com", asked.text)
        form = asked.form("/account/emails")
        self.assertEqual(form["fields"]["email"], "hana@gmial.com")
        meant = b.post(form["action"], {**form["fields"], "password": PASSWORD})
        self.assertEqual(meant.status, 303)
        self.server.code("hana@gmial.com")

    def test_the_destination_comes_along_by_confirmation_and_coming_back(self):
        self.server.account("hana")
        kept = r'href="/sign-in\?return_to=(%2F|/)account(%2F|/)sessions"'
        b = Browser(self.server)
        refused = b.sign_in("hana", "wrong one", path="/sign-in?return_to=/account/sessions", return_to="/account/sessions")
        form = refused.form(f"/why/{refused.reference}/confirm")
        page = b.follow(b.post(form["action"], form["fields"]))
        self.assertRegex(page.text, kept, "beginning anew")
        form = next(f for f in page.page.forms if "code" in f["fields"])
        wrong = b.post(form["action"], {**form["fields"], "code": WRONG})
        form = next(f for f in wrong.page.forms if "code" in f["fields"])
        lifted = b.follow(b.post(form["action"], {**form["fields"], "code": self.server.code("hana@example.jp")}))
        self.assertEqual(lifted.mark("data-audience"), "owner")
        self.assertRegex(lifted.text, kept)
        self.assertRegex(b.get("/recover?return_to=/account/sessions").text, kept)
        # An account that was closed, and comes back.
        self.server.run("account", "close", "hana", "--yes")
        offered = b.sign_in("hana", PASSWORD, path="/sign-in?return_to=/account/sessions", return_to="/account/sessions")
        form = offered.form("/sign-in/reopen")
        back = b.post(form["action"], form["fields"])
        self.assertRegex(back.header("Location"), "return_to=(%2F|/)account(%2F|/)sessions")

    def test_one_wrong_password_again_and_again_counts_once_on_the_accounts_pages_too(self):
        self.server.account("hana")
        b = Browser(self.server)
        b.sign_in("hana", PASSWORD)
        change = lambda current: b.post("/account/security", {**b.get("/account/security").form("/account/security")["fields"], "current_password": current, "password": NEW})
        for _ in range(40):
            self.assertEqual(change("the same wrong one").status, 401)
        for n in range(40):
            if change(f"another wrong one {n}").status == 429:
                break
        self.assertEqual(change(PASSWORD).status, 429, "guesses have an end")
        self.assertGreater(n, 2)

    def test_unlocking_on_the_phone_ends_the_pause_on_the_computer(self):
        self.server.account("hana")
        computer = Browser(self.server)
        self.assertEqual(computer.sign_in("hana", PASSWORD).status, 303)
        computer.cookies.pop("kagiya_session")
        for n in range(40):
            answer = computer.sign_in("hana", f"mistake {n}")
            if answer.status == 429:
                break
        self.assertEqual(computer.sign_in("hana", PASSWORD).status, 429)
        phone, form = self.begin("/unlock", "login")
        self.assertEqual(self.type(phone, form, self.server.code("hana@example.jp")).status, 303)
        self.assertEqual(computer.sign_in("hana", PASSWORD).status, 303)


on_both(Codes)
