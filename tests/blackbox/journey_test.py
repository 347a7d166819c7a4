"""Sign up, sign in, stay in, forget, recover, leave; and what the mails say."""

import json
import html.parser
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from client import BINARY, Browser, text_of
from support import OnBoth, on_both, sql

PASSWORD = "correct horse battery"


class Kept(html.parser.HTMLParser):
    """Texts that a browser may translate, and how passwords and names of accounts stand in forms."""

    VOID = ("input", "meta", "link", "br", "img", "hr", "source", "wbr")

    def __init__(self, page):
        super().__init__()
        self.stack, self.free, self.forms = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append(set())
        if tag == "input" and self.forms:
            self.forms[-1] |= {(attrs.get("type", "text"), word) for word in (attrs.get("autocomplete") or "").split()}
        if tag not in self.VOID:
            self.stack.append((tag, attrs.get("translate") == "no" or tag in ("script", "style", "title")))

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not any(kept for _, kept in self.stack):
            self.free.append(data)


@on_both
class Journey(OnBoth):
    def test_what_is_copied_is_not_translated_and_managers_know_whose_password_it_is(self):
        s, member, staff = self.server, Browser(self.server), Browser(self.server)
        s.account("hana-x7q")
        s.account("taro-x7q")
        s.run("account", "grant", "taro-x7q")
        refused = member.sign_in("hana-x7q", "wrong")
        begun = member.submit("/recover", email="hana-x7q@example.jp")
        code_page = member.follow(begun)
        form = code_page.form("/recover/code")
        proven = member.post(form["action"], {**form["fields"], "code": s.code("hana-x7q@example.jp")})
        pages = [refused, member.get(f"/why/{refused.reference}"), code_page, member.follow(proven)]
        pages.append(Browser(s).submit("/sign-up", login_id="newcomer", email="a-x7q@gmial.com", password=PASSWORD))
        member.sign_in("hana-x7q", PASSWORD)
        staff.sign_in("taro-x7q", PASSWORD)
        pages += [member.get(path) for path in ("/", "/sign-in", "/account", "/account/security", "/account/methods", "/account/close", "/account/sessions")]
        look = staff.get("/staff/look").form("/staff/look")
        pages += [staff.post("/staff/look", {**look["fields"], "q": q, "reason": "asked by mail"}) for q in (refused.reference, "hana-x7q")]
        pages += [staff.get("/staff"), staff.get("/staff/notices")]
        passwords = 0
        for page in pages:
            kept = Kept(page.text)
            for word in ("x7q", refused.reference):
                self.assertNotIn(word, "\n".join(kept.free))
            for fields in kept.forms:
                for kind, word in fields:
                    self.assertFalse(word == "username" and kind == "hidden", "managers do not look at hidden fields")
                if any(word == "new-password" for _, word in fields):
                    passwords += 1
                    self.assertTrue({word for kind, word in fields if kind in ("text", "email")} & {"username", "email"}, fields)
        self.assertGreaterEqual(passwords, 3)

    def test_sign_up_sign_in_and_out(self):
        s = self.server
        b = Browser(s)
        r = b.submit("/sign-up?return_to=/account/security", "/sign-up", login_id="Hana-Blog", email="Hana@Example.jp", password=PASSWORD)
        form = b.follow(r).form("/sign-up/verify")
        r = b.post("/sign-up/verify", {**form["fields"], "code": "not a code"})
        self.assertEqual((r.status, r.cause), (401, "credential.code_wrong"))
        r = b.post("/sign-up/verify", {**form["fields"], "code": s.code("Hana@example.jp")})
        self.assertEqual((r.status, r.header("Location")), (303, "/account/security"))
        self.assertEqual(b.get("/auth/check").header("X-Kagiya-Login-Id"), "hana-blog")
        welcome = s.wait_mails("Hana@example.jp", 2)[-1]
        self.assertIn("hana-blog", text_of(welcome))
        self.assertIn("登録", welcome["Subject"])
        self.assertEqual(welcome["Auto-Submitted"], "auto-generated")
        self.assertIsNotNone(welcome.get_body(("html",)))
        r = b.submit("/sign-out")
        self.assertEqual(r.status, 303)
        self.assertEqual(b.get("/auth/check").status, 401)
        for login in ("hana-blog", " HANA_BL0G ", "ｈａｎａ－ｂｌｏｇ", "hana@example.jp", "https://blog.example/hana-blog/entry?x=1", "@hana-blog"):
            r = Browser(s).sign_in(login, PASSWORD)
            self.assertEqual(r.status, 303, login)
        r = Browser(s).sign_in("hana-blog", "ｃｏｒｒｅｃｔ　ｈｏｒｓｅ　ｂａｔｔｅｒｙ")
        self.assertEqual(r.status, 303, "full-width equals half-width")

    def test_destination_survives_failures(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        location = b.get("/account/sessions").header("Location")
        form = b.get(location).form("/sign-in")
        r = b.post("/sign-in", {**form["fields"], "login": "hana", "password": "wrong wrong wrong"})
        self.assertEqual(r.status, 401)
        form = r.form("/sign-in")
        self.assertEqual(form["fields"]["login"], "hana")
        r = b.post("/sign-in", {**form["fields"], "password": PASSWORD})
        self.assertEqual(r.header("Location"), "/account/sessions")
        for bad in ("//evil.example", "https://evil.example", "/\\evil.example", "/%2fevil.example", "/a/..;/b"):
            r = Browser(s).sign_in("hana", PASSWORD, return_to=bad)
            self.assertEqual(r.header("Location"), "/", bad)

    def test_a_code_pressed_twice_keeps_nobody_out(self):
        s = self.server
        b = Browser(s)
        r = b.submit("/sign-up", login_id="hana", email="hana@example.jp", password=PASSWORD)
        form = b.follow(r).form("/sign-up/verify")
        fields = {**form["fields"], "code": s.code("hana@example.jp")}
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: b.post("/sign-up/verify", fields), range(4)))
        self.assertEqual(sorted(a.status for a in answers), [200, 200, 200, 303])
        sessions = {v.split(";")[0] for a in answers for k, v in a.headers if k.lower() == "set-cookie" and v.startswith("kagiya_session=") and "Max-Age=0" not in v}
        self.assertEqual(len(sessions), 1, "whichever answer the browser keeps")
        self.assertEqual(b.get("/auth/check").status, 200)

    def test_a_code_in_another_browser_keeps_the_destination(self):
        s = self.server
        s.account("hana")
        phone, desk = Browser(s), Browser(s)
        self.assertEqual(phone.submit("/recover?return_to=/account/sessions", "/recover", email="hana@example.jp").status, 303)
        form = desk.get("/recover/code").form("/recover/code")
        r = desk.post("/recover/code", {**form["fields"], "email": "hana@example.jp", "code": s.code("hana@example.jp")})
        form = desk.follow(r).form("/recover/password")
        r = desk.post("/recover/password", {**form["fields"], "password": "another new phrase"})
        self.assertEqual(desk.follow(r).form("/sign-in")["fields"]["return_to"], "/account/sessions")
        # What a stranger asks for goes nowhere else without the code.
        other = Browser(s)
        form = other.get("/recover/code").form("/recover/code")
        r = other.post("/recover/code", {**form["fields"], "email": "hana@example.jp", "code": "000000"})
        self.assertEqual(r.status, 401)
        self.assertNotIn("/account/sessions", r.text)

    def test_unlocking_does_not_undo_what_staff_did(self):
        s = self.server
        s.account("hana")
        s.run("account", "lock", "hana")
        b = Browser(s)
        form = b.follow(b.submit("/unlock", login="hana")).form("/unlock/code")
        r = b.post("/unlock/code", {**form["fields"], "code": s.code("hana@example.jp")})
        self.assertEqual((r.status, r.cause, r.mark("data-audience")), (403, "credential.account_state", "owner"))
        self.assertNotIn("解除しました", r.text)
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 403)

    def test_recovery_ends_everything(self):
        s = self.server
        s.account("hana")
        old, fresh = Browser(s), Browser(s)
        self.assertEqual(old.sign_in("hana", PASSWORD).status, 303)
        r = fresh.submit("/recover", email="HANA@example.jp")
        page = fresh.follow(r)
        form = page.form("/recover/code")
        code = s.code("hana@example.jp")
        mail = [m for m in s.mails("hana@example.jp") if code in text_of(m)][-1]
        self.assertIn("ログインID: hana", text_of(mail))
        for typed in (code[:5], "", "abcdef"):
            self.assertIn(fresh.post("/recover/code", {**form["fields"], "code": typed}).status, (401, 422))
        # Without a proven code no password can be chosen.
        r = fresh.post("/recover/password", {**form["fields"], "password": "another new phrase"})
        self.assertEqual((r.status, r.cause), (410, "browser.flow_expired"))
        wide = "".join(chr(ord(c) + 0xFEE0) for c in code[:3]) + " " + code[3:]
        page = fresh.follow(fresh.post("/recover/code", {**form["fields"], "code": wide}))
        form = page.form("/recover/password")
        r = fresh.post("/recover/password", {**form["fields"], "password": "short"})
        self.assertEqual(r.status, 422)
        r = fresh.post("/recover/password", {**form["fields"], "password": "another new phrase"})
        self.assertEqual(r.status, 303)
        self.assertIn("login=hana", r.header("Location"))
        self.assertEqual(fresh.follow(r).form("/sign-in")["fields"]["login"], "hana")
        self.assertEqual(old.get("/auth/check").status, 401, "every session ended")
        self.assertEqual(fresh.get("/auth/check").status, 401, "a reset does not sign in")
        self.assertIn("パスワードが変更されたため", old.get("/sign-in").text)
        # The flow is over, the old password dead, the new one works.
        self.assertEqual(fresh.post("/recover/password", {**form["fields"], "password": "yet another phrase"}).status, 410)
        r = Browser(s).sign_in("hana", PASSWORD)
        self.assertEqual(r.status, 401)
        self.assertEqual(s.why(r.reference)["cause"], "credential.old_password")
        self.assertEqual(Browser(s).sign_in("hana", "another new phrase").status, 303)

    def test_newest_code_wins_and_an_older_one_is_named(self):
        s = self.server
        s.account("hana")
        a, b = Browser(s), Browser(s)
        form_a = a.follow(a.submit("/recover", email="hana")).form("/recover/code")
        first = s.code("hana@example.jp")
        form_b = b.follow(b.submit("/recover", email="hana@example.jp")).form("/recover/code")
        second = s.code("hana@example.jp", nth=2)
        r = b.post("/recover/code", {**form_b["fields"], "code": first})
        self.assertEqual((r.status, "code_superseded" in r.marks("data-because")), (401, True))
        # In another browser the login says whose code it is; and a GET spends nothing.
        c = Browser(s)
        for _ in range(3):
            page = c.get("/recover/code")
        r = c.post("/recover/code", {**page.form("/recover/code")["fields"], "email": "hana@example.jp", "code": second})
        self.assertEqual(r.status, 303, r.text[:500])
        r = a.post("/recover/code", {**form_a["fields"], "code": second})
        self.assertEqual((r.status, "code_used" in r.marks("data-because")), (401, True))

    def test_sign_up_with_a_known_address_looks_the_same(self):
        s = self.server
        s.account("hana", "hana@example.jp")
        known, unknown = Browser(s), Browser(s)
        a = known.submit("/sign-up", login_id="other-one", email="hana@example.jp", password="some pass phrase")
        b = unknown.submit("/sign-up", login_id="other-two", email="hanb@example.jp", password="some pass phrase")
        self.assertEqual((a.status, a.header("Location").split("=")[0]), (b.status, b.header("Location").split("=")[0]))
        told = s.wait_mails("hana@example.jp", 1)[-1]
        self.assertIn("hana", text_of(told))
        self.assertIn("すでに登録があります", told["Subject"])
        self.assertEqual(s.run("account", "list").stdout.count("\n"), 1)

    def test_the_truth_goes_to_the_mailbox(self):
        s = self.server
        Browser(s).submit("/recover", email="nobody@example.jp")
        mail = s.wait_mails("nobody@example.jp", 1)[0]
        self.assertIn("登録はありません", mail["Subject"])
        english = Browser(s, **{"Accept-Language": "en"})
        english.submit("/recover", email="nobody2@example.jp")
        self.assertIn("no account", s.wait_mails("nobody2@example.jp", 1)[0]["Subject"])

    def test_a_likely_slip_is_asked_about_not_refused(self):
        b = Browser(self.server)
        form = b.get("/sign-up").form("/sign-up")
        typed = {"login_id": "hana", "email": "hana@gmial.com", "password": PASSWORD}
        r = b.post("/sign-up", {**form["fields"], **typed})
        self.assertEqual(r.status, 200)
        self.assertIn("hana@gmail.com", r.text)
        form = r.form("/sign-up")
        r = b.post("/sign-up", {**form["fields"], "password": PASSWORD})
        self.assertEqual(r.status, 303)

    def test_a_mistyped_address_can_be_corrected(self):
        s = self.server
        b = Browser(s)
        self.assertEqual(b.submit("/sign-up", login_id="hana", email="wrong@example.jp", password=PASSWORD).status, 303)
        self.assertEqual(b.sign_up("hana", "right@example.jp", PASSWORD).status, 303)
        self.assertEqual(b.get("/auth/check").status, 200)

    def test_look_alike_ids_are_one_and_never_used_twice(self):
        s = self.server
        s.account("hello-world")
        r = Browser(s).submit("/sign-up", login_id="he1lo_w0rld", email="x@example.jp", password=PASSWORD)
        self.assertEqual((r.status, r.cause), (409, "credential.other_account"))
        s.run("account", "close", "hello-world")
        r = Browser(s).submit("/sign-up", login_id="hello-world", email="x@example.jp", password=PASSWORD)
        self.assertEqual(r.status, 409)

    def test_my_page_security_and_sessions(self):
        s = self.server
        b, other = Browser(s), Browser(s)
        b.sign_up("hana", "hana@example.jp", PASSWORD)
        self.assertEqual(other.sign_in("hana", PASSWORD).status, 303)
        page = b.get("/account/sessions")
        ids = page.marks("data-session")
        self.assertEqual(len(ids), 2)
        form = [f for f in page.page.forms if "session" in f["fields"]][0]
        self.assertEqual(b.post("/account/sessions", form["fields"]).status, 303)
        self.assertEqual(other.get("/auth/check").status, 401, "effective on the very next request")
        self.assertIn("別の端末", other.get("/sign-in").text)
        self.assertEqual(b.get("/auth/check").status, 200)
        # Another address.
        form = b.get("/account/security").form("/account/emails")
        r = b.post("/account/emails", {**form["fields"], "email": "second@example.jp", "password": "wrong one here"})
        self.assertEqual(r.status, 401)
        page = b.follow(b.post("/account/emails", {**form["fields"], "email": "second@example.jp", "password": PASSWORD}))
        form = page.form("/account/emails/verify")
        r = b.post("/account/emails/verify", {**form["fields"], "code": s.code("second@example.jp")})
        self.assertEqual(r.status, 303)
        self.assertEqual(Browser(s).sign_in("second@example.jp", PASSWORD).status, 303)
        # Another password: other sessions end, this one stays.
        self.assertEqual(other.sign_in("hana", PASSWORD).status, 303)
        form = b.get("/account/security").form("/account/security")
        r = b.post("/account/security", {**form["fields"], "current_password": PASSWORD, "password": "a fresh pass phrase"})
        self.assertEqual(r.status, 303, r.text[:800])
        self.assertEqual((b.get("/auth/check").status, other.get("/auth/check").status), (200, 401))
        told = s.wait_mails("second@example.jp", 3)
        self.assertTrue(any("パスワードを変更しました" in m["Subject"] for m in told), [m["Subject"] for m in told])
        # Closing, and coming back.
        form = b.get("/account/close").form("/account/close")
        self.assertEqual(b.post("/account/close", {**form["fields"], "password": "a fresh pass phrase"}).status, 303)
        self.assertEqual(b.get("/auth/check").status, 401)
        c = Browser(s)
        r = c.sign_in("hana", "a fresh pass phrase")
        self.assertEqual(r.status, 200)
        form = r.form("/sign-in/reopen")
        self.assertEqual(c.post("/sign-in/reopen", form["fields"]).status, 303)
        self.assertEqual(c.sign_in("hana", "a fresh pass phrase").status, 303)

    def test_unknown_device_mails_the_owner(self):
        s = self.server
        b = Browser(s)
        b.sign_up("hana", "hana@example.jp", PASSWORD)
        s.wait_mails("hana@example.jp", 2)
        b.sign_in("hana", PASSWORD)
        Browser(s).sign_in("hana", PASSWORD)
        mails = s.wait_mails("hana@example.jp", 3)
        self.assertIn("新しい端末", mails[-1]["Subject"])
        time.sleep(0.3)
        self.assertEqual(len(s.mails("hana@example.jp")), 3, "none for the device that signed up")

    def test_my_page_lists_sign_ins_and_refusals_and_no_notes(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        b.sign_in("hana", PASSWORD)
        rows = lambda: b.get("/").text.split("<tbody>")[1].split("</tbody>")[0].count("<tr")
        before = rows()
        columns = "kind, account_id, subject_key, browser_key, network, browser, evidence, cause, told, repairs, slices, advised"
        new = "gen_random_uuid()" if self.url else "randomblob(16)"
        sql(s, self.url, f"INSERT INTO attempt (id, reference, created_at, outcome, {columns}) SELECT {new}, 'NTED-NTED', created_at + 1, 'noted', {columns} FROM attempt WHERE outcome = 'signed_in'")
        self.assertEqual(rows(), before)

    def test_support_reads_sentences_at_the_terminal(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        for _ in range(3):
            refused = b.sign_in("hana", PASSWORD.capitalize())
        s.why(refused.reference)
        for lang, words in (("en_US.UTF-8", "Why we think so"), ("ja_JP.UTF-8", "この案内の理由")):
            done = subprocess.run(
                [BINARY, *s.flags, "why", refused.reference], capture_output=True, text=True, env={**s.env, "LC_ALL": lang}
            )
            self.assertIn(words, done.stdout)
            # No fact, code or millisecond as the program writes it; repeats are one line.
            self.assertNotRegex(done.stdout, r'[{}]|"fact"|\d\dT\d\d:|\.\d{3}Z|credentials_refused|sign_in')
            timeline = done.stdout.rsplit("\n\n", 1)[1]
            self.assertIn("×3", timeline)
            self.assertIn(refused.reference, timeline)

    def test_states_by_the_command_line(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        b.sign_in("hana", PASSWORD)
        for order, state in (("lock", "locked"), ("suspend", "suspended"), ("sleep", "dormant")):
            shown = s.run("account", order, "hana", "--json").stdout
            self.assertIn(f'"state":"{state}"', shown)
            self.assertEqual(b.get("/auth/check").status, 401)
            r = Browser(s).sign_in("hana", PASSWORD)
            self.assertEqual((r.status, r.cause, r.mark("data-audience")), (403, "credential.account_state", "owner"))
            r = Browser(s).sign_in("hana", "wrong password")
            self.assertEqual((r.status, r.cause), (401, "credential.password"), "a stranger hears nothing")
            s.run("account", "unlock", "hana")
            self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        self.assertEqual(s.run("account", "show", "nobody", check=False).returncode, 1)
        self.assertEqual(s.run("account", "frobnicate", check=False).returncode, 2)
        self.assertEqual(s.run("why", "not a reference", check=False).returncode, 2)
        roles = lambda: json.loads(s.run("account", "show", "hana", "--json").stdout)["roles"]
        for words, expected in (
            (("grant", "hana", "--role", "support"), ["support"]),
            (("grant", "hana", "--role", "operator"), ["support", "operator"]),
            (("revoke", "hana", "--role", "support"), ["operator"]),
            (("grant", "hana"), ["operator", "admin"]),
            (("revoke", "hana"), []),
            (("grant", "hana", "staff"), ["admin"]),
            (("revoke", "hana", "staff"), []),
        ):
            self.assertEqual(json.loads(s.run("account", *words, "--json").stdout)["roles"], expected, words)
            self.assertEqual(roles(), expected, words)
        self.assertEqual(s.run("account", "grant", "hana", "--role", "emperor", check=False).returncode, 2)

    def test_requests_are_timed_by_what_they_do(self):
        s = self.server
        count = lambda method: s.metric(f'kagiya_request_seconds_count{{method="{method}"}}')
        form = Browser(s).get("/sign-in").form("/sign-in")["fields"]
        before = count("GET"), count("POST")
        for _ in range(3):
            Browser(s).post("/sign-in", {**form, "login": "hana", "password": "x"})
        # Whoever reads the metrics is counted after the answer.
        self.assertEqual((count("GET") - before[0], count("POST") - before[1]), (2, 3))


if __name__ == "__main__":
    unittest.main()
