"""What attackers try: the same answers for all, exact budgets, codes spent once."""

import concurrent.futures
import os
import pathlib
import re
import time
import unittest

from client import Browser, Server
from support import CHEAP, on_both, OnBoth, sql

PASSWORD = "correct horse battery"
SMALL = "[throttle]\nstranger_tries = 6\ndevice_tries = 6\n"


def masked(answer, *words):
    """A page without what is random, or what the visitor typed."""
    text = answer.text
    for word in words:
        text = text.replace(word, "TYPED")
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "UUID", text)
    text = re.sub(r"[0-9A-Z]{4}-[0-9A-Z]{4}", "REFERENCE", text)
    text = re.sub(r'(name="form" value=")[^"]*', r"\1TOKEN", text)
    text = re.sub(r'data-countdown="\d+"|あと \d+ 秒', "SECONDS", text)
    text = re.sub(r"\d+年\d+月\d+日 \d+:\d+", "TIME", text)
    headers = sorted((k.lower(), re.sub(r"=[\w-]{20,}", "=TOKEN", v)) for k, v in answer.headers if k.lower() not in ("date", "content-length"))
    headers = [(k, re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}", "UUID", v)) for k, v in headers]
    return answer.status, headers, text


@on_both
class SameForAll(OnBoth):
    toml = SMALL

    def test_known_and_unknown_get_the_same_bytes(self):
        s = self.server
        s.account("hana-one", "hana-one@example.jp")
        pairs = [("hana-one", "hana-two"), ("hana-one@example.jp", "hana-two@example.jp")]
        for known, unknown in pairs:
            k, u = Browser(s), Browser(s)
            # One more than the budget: the wait is the same for both, too.
            for n in range(8):
                a = k.sign_in(known, f"wrong password {n}")
                b = u.sign_in(unknown, f"wrong password {n}")
                self.assertEqual(masked(a, known), masked(b, unknown), f"sign-in {n}")
            self.assertEqual(a.status, 429)
            self.assertGreater(int(a.header("Retry-After")), 200)
            for path, field in (("/recover", "email"), ("/unlock", "login")):
                k, u = Browser(s), Browser(s)
                a, b = k.submit(path, **{field: known}), u.submit(path, **{field: unknown})
                self.assertEqual(masked(a, known), masked(b, unknown), path)
                a, b = k.follow(a), u.follow(b)
                self.assertEqual(masked(a, known), masked(b, unknown), path)
                fa, fb = a.form(f"{path}/code"), b.form(f"{path}/code")
                for n in range(7):
                    a = k.post(fa["action"], {**fa["fields"], "code": f"00000{n}"})
                    b = u.post(fb["action"], {**fb["fields"], "code": f"00000{n}"})
                    self.assertEqual(masked(a, known), masked(b, unknown), f"{path} code {n}")
        for known, unknown in pairs:
            a = Browser(s).api("POST", "/api/v1/recover", {"email": known})
            b = Browser(s).api("POST", "/api/v1/recover", {"email": unknown})
            self.assertEqual(masked(a), masked(b))
            body = lambda login: {"login": login, "password": "some other wrong one"}
            k, u = Browser(s), Browser(s)
            a, b = k.api("POST", "/api/v1/sign-in", body(known)), u.api("POST", "/api/v1/sign-in", body(unknown))
            self.assertEqual(masked(a, known), masked(b, unknown))

    def test_the_rest_of_the_pages_tells_them_apart_no_better(self):
        s = self.server
        s.account("hana-one", "hana-one@example.jp")
        # Signing up with an address that has an account, and with one that has none.
        k, u = Browser(s), Browser(s)
        join = lambda b, name, address: b.submit("/sign-up", login_id=name, email=address, password=PASSWORD)
        a, b = join(k, "kaori-new", "hana-one@example.jp"), join(u, "sayuri-new", "hana-two@example.jp")
        self.assertEqual(masked(a, "hana-one@example.jp"), masked(b, "hana-two@example.jp"))
        a, b = k.follow(a), u.follow(b)
        self.assertEqual(masked(a, "hana-one@example.jp"), masked(b, "hana-two@example.jp"))
        fa, fb = a.form("/sign-up/verify"), b.form("/sign-up/verify")
        for n in range(7):
            a = k.post(fa["action"], {**fa["fields"], "code": f"00000{n}"})
            b = u.post(fb["action"], {**fb["fields"], "code": f"00000{n}"})
            self.assertEqual(masked(a, "hana-one@example.jp"), masked(b, "hana-two@example.jp"), f"sign-up code {n}")
        for path, field in (("/recover", "email"), ("/unlock", "login")):
            k, u = Browser(s), Browser(s)
            fa = k.follow(k.submit(path, **{field: "hana-one"})).form(f"{path}/code")
            fb = u.follow(u.submit(path, **{field: "hana-two"})).form(f"{path}/code")
            # Another mail at once, and "I can no longer read that mailbox".
            for more in ({"resend": "1"}, {"lost": "1"}):
                a, b = k.post(fa["action"], {**fa["fields"], **more}), u.post(fb["action"], {**fb["fields"], **more})
                self.assertEqual(masked(a, "hana-one"), masked(b, "hana-two"), (path, more))
            # A code typed in another browser.
            k, u = Browser(s), Browser(s)
            for n in range(7):
                fa, fb = (x.get(f"{path}/code").form(f"{path}/code") for x in (k, u))
                a = k.post(fa["action"], {**fa["fields"], "email": "hana-one", "login": "hana-one", "code": f"00000{n}"})
                b = u.post(fb["action"], {**fb["fields"], "email": "hana-two", "login": "hana-two", "code": f"00000{n}"})
                self.assertEqual(masked(a, "hana-one"), masked(b, "hana-two"), f"{path} elsewhere {n}")
        # What a reference shows to its own browser, and the confirmation by mail with wrong codes.
        k, u = Browser(s), Browser(s)
        ra, rb = k.sign_in("hana-one", "wrong"), u.sign_in("hana-two", "wrong")
        a, b = k.get(f"/why/{ra.reference}"), u.get(f"/why/{rb.reference}")
        self.assertEqual(masked(a, ra.reference), masked(b, rb.reference))
        fa, fb = a.form(f"/why/{ra.reference}/confirm"), b.form(f"/why/{rb.reference}/confirm")
        a, b = k.post(fa["action"], fa["fields"]), u.post(fb["action"], fb["fields"])
        self.assertEqual(masked(a, ra.reference)[0], masked(b, rb.reference)[0])
        self.assertEqual(*(re.sub(r"[0-9a-f-]{36}|[0-9A-Z]{4}-[0-9A-Z]{4}", "", answer.header("Location")) for answer in (a, b)))
        a, b = k.follow(a), u.follow(b)
        self.assertEqual(masked(a, ra.reference), masked(b, rb.reference))
        fa = next(f for f in a.page.forms if "code" in f["fields"])
        fb = next(f for f in b.page.forms if "code" in f["fields"])
        for n in range(6):
            a = k.post(fa["action"], {**fa["fields"], "code": f"00000{n}"})
            b = u.post(fb["action"], {**fb["fields"], "code": f"00000{n}"})
            self.assertEqual(masked(a, ra.reference), masked(b, rb.reference), f"confirm code {n}")

    def test_staff_hears_the_truth_that_strangers_do_not(self):
        s = self.server
        s.account("hana")
        for login, password, cause in (
            ("nobody-here", "some wrong one", "credential.id_unknown"),
            ("hana", "some wrong one", "credential.password"),
            ("hana", PASSWORD.upper(), "credential.input_form"),
            ("hana", PASSWORD.capitalize(), "credential.input_form"),
            ("hana", PASSWORD + "x", "credential.input_form"),
            ("hana", PASSWORD + " ", "credential.input_form"),
        ):
            r = Browser(s).sign_in(login, password)
            self.assertEqual(s.why(r.reference)["cause"], cause, password)
            if not password.endswith(" "):
                self.assertEqual(r.cause, "credential.password", "a stranger hears one thing")

    def test_what_a_phone_makes_of_a_password_is_named(self):
        s = self.server
        for login, kept, typed in (
            ("aoi", "don't-look--here", "don\u2019t\u2212look\u2014here"),
            ("kai", 'a "quoted" one-way', "a \u201cquoted\u201d one\u2010way"),
            ("rin", "long\u2014dash and \u2018tis", "long--dash and 'tis"),
        ):
            s.account(login, password=kept)
            r = Browser(s).sign_in(login, typed)
            told = s.why(r.reference)
            self.assertEqual((told["cause"], r.status), ("credential.input_form", 401), (typed, told))
            self.assertIn("slip_punctuation", [fact["key"] for fact in told["evidence"]], told)
            r = Browser(s).sign_in(login, typed + " and more")
            self.assertNotIn("slip_punctuation", [fact["key"] for fact in s.why(r.reference)["evidence"]])

    def test_hashes_of_other_parameters_are_upgraded(self):
        s = self.server
        s.account("hana")
        s.stop()
        with open(f"{s.data}/kagiya.toml", "a") as file:
            file.write("[password]\nargon2_memory_kib = 128\nargon2_passes = 1\n")
        s.start()
        kept = lambda: sql(s, self.url, "SELECT phc FROM password JOIN account ON account.id = password.account_id WHERE login_id = 'hana'")
        before = kept()
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        self.assertIn("m=128,t=1", kept()[0])
        self.assertNotEqual(kept(), before)
        self.assertEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)

    def test_a_reference_alone_opens_nothing(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        r = b.sign_in("hana", "wrong password")
        self.assertEqual(b.get(f"/why/{r.reference}").status, 200)
        stranger = Browser(s)
        stranger.get("/sign-in")
        real, fake = stranger.get(f"/why/{r.reference}"), stranger.get("/why/AAAA-2222")
        self.assertEqual((real.status, masked(real, r.reference)[2]), (404, masked(fake, "AAAA-2222")[2]))
        self.assertEqual(stranger.get(f"/api/v1/attempts/{r.reference}").status, 404)
        self.assertEqual(b.get(f"/api/v1/attempts/{r.reference}").json["audience"], "browser")


class Secrets(unittest.TestCase):
    def test_keys_are_the_servers_alone_and_no_log_names_a_secret(self):
        with Server(env={"KAGIYA_LOG": "trace,hyper=debug,h2=info,tokio=info,mio=info"}) as s:
            keys = [os.path.join(s.data, name) for name in os.listdir(s.data) if "key" in name]
            self.assertTrue(keys)
            for path in keys:
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600, path)
            secret, wrong, new = "a secret of mine alone 1", "quite a wrong one 2", "an entirely new one 3"
            b = Browser(s)
            form = b.follow(b.submit("/sign-up", login_id="hana", email="hana@example.jp", password=secret)).form("/sign-up/verify")
            first = s.code("hana@example.jp")
            b.post("/sign-up/verify", {**form["fields"], "code": first})
            tokens = [b.cookies["kagiya_session"]]
            Browser(s).sign_in("hana", wrong)
            other = Browser(s)
            form = other.follow(other.submit("/recover", email="hana")).form("/recover/code")
            second = s.code("hana@example.jp", nth=2)
            chosen = other.follow(other.post(form["action"], {**form["fields"], "code": second})).form("/recover/password")
            other.post(chosen["action"], {**chosen["fields"], "password": new})
            self.assertEqual(other.sign_in("hana", new).status, 303)
            tokens.append(other.cookies["kagiya_session"])
            s.stop()
            with open(os.path.join(s.data, "server.log"), errors="replace") as file:
                log = file.read()
            self.assertGreater(len(log), 200, "it is told what happens")
            for text in (secret, wrong, new, *tokens):
                self.assertNotIn(text, log)
            for code in (first, second):
                self.assertNotRegex(log, rf"(?<!\d){code}(?!\d)")
            database = b"".join(path.read_bytes() for path in pathlib.Path(s.data).glob("kagiya.db*"))
            for text in (secret, wrong, new, *tokens):
                self.assertNotIn(text.encode(), database)


@on_both
class Budgets(OnBoth):
    toml = SMALL + CHEAP

    def second(self):
        """A second server process on the same database."""
        twin = Server("--config", f"{self.server.data}/kagiya.toml", data=self.server.data, database=self.url)
        self.addCleanup(twin.stop)
        return twin

    def checks(self, *servers):
        return sum(int(re.search(r"kagiya_hash_checks_total (\d+)", Browser(s).get("/metrics").text).group(1)) for s in servers)

    def test_64_parallel_guesses_get_exactly_the_budget(self):
        s, twin = self.server, self.second()
        s.account("hana")
        guessers = [Browser(s if n % 2 else twin) for n in range(64)]
        forms = [g.get("/sign-in").form("/sign-in") for g in guessers]
        before = self.checks(s, twin)

        def guess(n):
            return guessers[n].post("/sign-in", {**forms[n]["fields"], "login": ("hana", "HANA", "hana@example.jp")[n % 3], "password": f"guess {n}"})

        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(guess, range(64)))
        self.assertEqual(self.checks(s, twin) - before, 6)
        self.assertTrue(all(a.status in (401, 429) for a in answers), [a.status for a in answers])
        # The right password of a stranger is not looked at either, by whatever name.
        self.assertNotEqual(Browser(s).sign_in("hana", PASSWORD).status, 303)
        self.assertNotEqual(Browser(twin).sign_in("hana@example.jp", PASSWORD).status, 303)

    def test_guesses_that_were_hidden_are_no_free_guesses_later(self):
        s = self.server
        s.account("hana")
        guesser = Browser(s)
        for n in range(6):
            guesser.sign_in("hana", f"guess {n}")
        for n in range(4):
            self.assertEqual(guesser.sign_in("hana@example.jp", f"hidden {n}").status, 401)
        s.run("account", "unlock", "hana")
        before = self.checks(s)
        answers = [guesser.sign_in("hana@example.jp", f"hidden {n % 4} {n // 4 * n}").status for n in range(8)]
        self.assertLessEqual(self.checks(s) - before, 6)
        self.assertIn(429, answers)

    def test_20_parallel_right_sign_ins_all_succeed(self):
        s = self.server
        s.account("hana")
        people = [Browser(s) for _ in range(20)]
        forms = [p.get("/sign-in").form("/sign-in") for p in people]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda n: people[n].post("/sign-in", {**forms[n]["fields"], "login": "hana", "password": PASSWORD}), range(20)))
        self.assertEqual([a.status for a in answers], [303] * 20)

    def test_strangers_never_stop_a_known_device_and_the_mail_unlocks(self):
        s = self.server
        own = Browser(s)
        own.sign_up("hana", "hana@example.jp", PASSWORD)
        for n in range(12):
            refused = Browser(s).sign_in("hana", f"stranger {n}")
        self.assertEqual(refused.status, 429)
        self.assertEqual(own.sign_in("hana", PASSWORD).status, 303, "the owner's device is untouched")
        late = Browser(s).sign_in("hana@example.jp", "once")
        self.assertEqual(late.status, 401)
        self.assertEqual(s.why(late.reference)["cause"], "credential.locked_by_others")
        self.assertTrue(any("ロック" in m["Subject"] for m in s.wait_mails("hana@example.jp", 3)))
        new = Browser(s)
        count = len([1 for m in s.mails("hana@example.jp")])
        form = new.follow(new.submit("/unlock", login="hana")).form("/unlock/code")
        s.wait_mails("hana@example.jp", count + 1)
        r = new.post("/unlock/code", {**form["fields"], "code": s.code("hana@example.jp")})
        self.assertEqual(r.status, 303, r.text[:500])
        self.assertEqual(new.sign_in("hana", PASSWORD).status, 303)

    def test_own_failures_lock_and_say_so(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        for n in range(7):
            r = b.sign_in("hana", f"own try {n}")
        self.assertEqual((r.status, r.cause), (429, "credential.locked"))
        self.assertEqual(r.marks("data-step")[0], "wait")
        self.assertEqual(s.why(r.reference)["cause"], "credential.locked")
        # A known device that locks itself is told so.
        own = Browser(s)
        own.sign_up("taro", "taro@example.jp", PASSWORD)
        for n in range(7):
            r = own.sign_in("taro", f"own try {n}")
        self.assertEqual((r.status, r.cause, r.mark("data-audience")), (429, "credential.locked", "browser"))
        self.assertIn("device_locked", r.marks("data-because"))

    def test_identical_repeats_count_once(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        for _ in range(15):
            r = b.sign_in("hana", "the same wrong one")
        self.assertEqual(r.status, 401)
        self.assertIn("same_value_again", r.marks("data-because"))
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)

    def test_one_code_is_spent_once(self):
        s = self.server
        s.account("hana")
        b = Browser(s)
        form = b.follow(b.submit("/recover", email="hana")).form("/recover/code")
        code = s.code("hana@example.jp")
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: b.post("/recover/code", {**form["fields"], "code": code}).status, range(4)))
        self.assertEqual(sorted(answers)[0], 303)
        self.assertEqual(answers.count(303), 1, answers)

    def test_one_sign_up_makes_one_account_also_on_two_servers(self):
        s, twin = self.server, self.second()
        b = Browser(s)
        form = b.follow(b.submit("/sign-up", login_id="hana", email="hana@example.jp", password=PASSWORD)).form("/sign-up/verify")
        code = s.code("hana@example.jp")
        there = Browser(twin)
        there.cookies = dict(b.cookies)
        spelled = [(b, code), (there, f"{code[:3]} {code[3:]}"), (there, code.translate(str.maketrans("0123456789", "０１２３４５６７８９"))), (b, f" {code} ")]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda way: Browser.post(way[0], form["action"], {**form["fields"], "code": way[1]}).status, spelled))
        self.assertEqual(answers.count(303), 1, answers)
        self.assertEqual(sql(s, self.url, "SELECT COUNT(*) FROM account WHERE login_id = 'hana'"), ["1"])

    def test_one_sign_up_makes_one_account(self):
        s = self.server
        b = Browser(s)
        form = b.follow(b.submit("/sign-up", login_id="hana", email="hana@example.jp", password=PASSWORD)).form("/sign-up/verify")
        code = s.code("hana@example.jp")
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: b.post("/sign-up/verify", {**form["fields"], "code": code}).status, range(4)))
        self.assertEqual(answers.count(303), 1, answers)
        self.assertEqual(len(s.wait_mails("hana@example.jp", 2)), 2)

    def test_revocation_counts_on_the_other_server_at_once(self):
        s, twin = self.server, self.second()
        s.account("hana")
        a, b = Browser(s), Browser(s)
        a.sign_in("hana", PASSWORD), b.sign_in("hana", PASSWORD)
        there = Browser(twin)
        there.cookies = dict(b.cookies)
        for _ in range(5):
            self.assertEqual(there.get("/auth/check").status, 200)
        form = [f for f in a.get("/account/sessions").page.forms if "session" in f["fields"]][0]
        self.assertEqual(a.post("/account/sessions", form["fields"]).status, 303)
        self.assertEqual(there.get("/auth/check").status, 401)
        time.sleep(0.7)
        self.assertEqual(there.get("/auth/check").status, 401)


class Outage(unittest.TestCase):
    def test_a_database_that_is_gone_is_ours_and_nothing_typed_is_lost(self):
        import subprocess
        from support import POSTGRES, new_postgres

        url = new_postgres()
        with Server(database=url) as s:
            s.account("hana")
            b = Browser(s)
            form = b.get("/sign-in").form("/sign-in")
            name = url.rsplit("/", 1)[1]
            subprocess.run(["psql", "-q", f"{POSTGRES}/postgres", "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=True)
            for login in ("hana", "nobody"):
                r = b.post("/sign-in", {**form["fields"], "login": login, "password": PASSWORD, "return_to": "/account/security"})
                self.assertEqual((r.status, r.cause, r.mark("data-audience")), (503, "platform.outage", "browser"))
                self.assertEqual(r.form("/sign-in")["fields"]["login"], login)
                self.assertEqual(r.form("/sign-in")["fields"]["return_to"], "/account/security")
                self.assertIn("password_reset", r.marks("data-avoid"))
                self.assertTrue(r.header("Retry-After"))
            until = time.time() + 10
            while b.get("/sign-in").status != 503 and time.time() < until:
                time.sleep(0.2)
            page = b.get("/sign-in")
            self.assertEqual((page.status, page.cause), (503, "platform.outage"), "the page is still served, and says why")
            self.assertTrue(page.form("/sign-in"))
            self.assertEqual((b.get("/healthz").status, b.get("/readyz").status), (200, 503))
            r = b.api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD})
            self.assertEqual((r.status, r.json["cause"]), (503, "platform.outage"))
            s.kill()


class Requests(unittest.TestCase):
    """Bad input and forged origins: one server, no state between tests."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.server.account("hana")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_bad_input_is_named_and_kept(self):
        s = self.server
        forms = {
            "/sign-in": ("login", "password"),
            "/sign-up": ("login_id", "email", "password"),
            "/recover": ("email",),
            "/unlock": ("login",),
        }
        for path, fields in forms.items():
            for bad in ("", "\0", "a\0b", "\u202eevil", "\u200b", "<script>alert(1)</script>", "x" * 20_000, "a\r\nb", "😀" * 50, "%ff%fe"):
                b = Browser(s)
                form = b.get(path).form(path)
                r = b.post(path, {**form["fields"], **{f: bad for f in fields}})
                self.assertLess(r.status, 500, (path, bad))
                self.assertNotIn("<script>alert", r.text)
                if path != "/recover" and path != "/unlock":
                    self.assertGreaterEqual(r.status, 400, (path, bad))
                    self.assertIsNotNone(r.reference)
        # What no database keeps is named at its field and written to no page.
        for path, field in (
            ("/sign-in", "login"), ("/sign-up", "login_id"), ("/sign-up", "email"), ("/recover", "email"), ("/unlock", "login"),
            ("/status/subscribe", "email"), ("/status/subscribe", "url"),
        ):
            b = Browser(s)
            page = "/status" if path.startswith("/status") else path
            r = b.submit(page, path, **{field: "https://a\0b.example/" if field == "url" else "a\0b@example.jp"})
            self.assertEqual(r.status, 422, (path, field))
            self.assertRegex(r.text, rf'name="{field}"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*name="{field}"')
            self.assertNotIn("\0", r.text)
        for path in ("/sign-in?login=a%00b", "/status/confirm?token=a%00b", "/why?reference=a%00b", "/sign-in?return_to=/a%00b", "/a%00b"):
            self.assertNotIn("\0", Browser(s).get(path).text, path)
        b = Browser(s)
        form = b.get("/sign-in").form("/sign-in")
        body = "form=" + form["fields"]["form"] + "&login=%ff%fe&password=%ff"
        r = b.send("POST", "/sign-in", body, {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(r.status, 422)
        started = time.time()
        # A whole book in one field: that field is named, and what stood in the others is kept.
        for path, field, kept in (
            ("/sign-in", "password", ("login", "hana")), ("/sign-in", "login", None), ("/recover", "email", None), ("/unlock", "login", None),
            ("/sign-up", "password", ("email", "hana@example.jp")), ("/sign-up", "login_id", ("email", "hana@example.jp")), ("/sign-up", "email", ("login_id", "hana")),
        ):
            form = b.get(path).form(path)
            r = b.post(path, {**form["fields"], **dict([kept] if kept else []), field: "x" * 1_048_576})
            self.assertEqual(r.status, 422, (path, field))
            self.assertRegex(r.text, rf'id="{field}"[^>]*aria-invalid="true"')
            if kept:
                self.assertEqual(r.form(path)["fields"][kept[0]], kept[1])
        self.assertLess(time.time() - started, 4)
        r = b.post("/sign-in", {**form["fields"], "login": "hana", "password": "x" * 3_000_000})
        self.assertEqual(r.status, 413)
        # Many at once: beyond a few they are not read to their end, and the server stays small.
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            many = list(pool.map(lambda _: b.post("/sign-in", {"login": "hana", "password": "x" * 1_900_000}).status, range(48)))
        self.assertLessEqual(set(many), {413, 422, 400, 403}, many)
        self.assertEqual(Browser(s).get("/sign-in").status, 200)
        r = b.send("POST", "/sign-in", "{}", {"Content-Type": "text/plain"})
        self.assertEqual(r.status, 415)
        self.assertIsNotNone(r.reference)
        r = b.send("DELETE", "/sign-in")
        self.assertEqual((r.status, r.reference is None), (405, False))

    def test_what_cannot_be_seen_is_no_login(self):
        b = Browser(self.server)
        for path, field in (("/recover", "email"), ("/unlock", "login"), ("/sign-in", "login")):
            for nothing in ("", " ", "\u3000", "\u200b", "\u200b \ufeff"):
                r = b.submit(path, **{field: nothing})
                self.assertEqual(r.status, 422, (path, nothing))
                self.assertRegex(r.text, rf'id="{field}"[^>]*aria-invalid="true"')

    def test_bad_json_is_named(self):
        b = Browser(self.server)
        for body, status in (
            ("", 400), ("{", 400), ("[]", 422), ("null", 422), ("[" * 500, 400), ('{"login":1,"password":"x"}', 422),
            ('{"login":"a"}', 422), ('{"login":"a","password":null}', 422), ('{"login":"a","password":"b","remember":"yes"}', 422),
            ('{"login":"","password":""}', 422), ('{"login":"' + "x" * 2000 + '","password":"b"}', 422), ('"' + "x" * 100_000 + '"', 413),
        ):
            r = b.send("POST", "/api/v1/sign-in", body, {"Content-Type": "application/json"})
            self.assertEqual(r.status, status, body[:60])
            self.assertEqual(r.header("Content-Type"), "application/problem+json")
            self.assertTrue(r.json["errors"][0]["field"], body[:60])
        r = b.send("POST", "/api/v1/sign-in", "login=a", {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(r.status, 415)
        self.assertEqual(b.api("GET", "/api/v1/sign-in").status, 405)
        self.assertEqual(b.api("GET", "/api/v1/nothing").status, 404)
        for path, body in (("sign-up/verify", {"flow": "x", "code": "1"}), ("recover/code", {"flow": 1, "code": "1"}), ("recover/password", {})):
            r = b.api("POST", f"/api/v1/{path}", body)
            self.assertEqual(r.status, 422, path)

    def test_every_api_path_of_the_description_answers(self):
        b = Browser(self.server)
        described = b.get("/api/v1/openapi.json").json
        self.assertTrue(described["openapi"].startswith("3."))
        for path, methods in described["paths"].items():
            for method in methods:
                r = b.api(method.upper(), path.replace("{reference}", "AAAA-2222"), {} if method == "post" else None)
                self.assertNotIn(r.status, (405, 500), (method, path))
                self.assertIn(str(r.status), methods[method]["responses"], (method, path))

    def test_other_sites_are_refused_whatever_the_token(self):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}):
            b = Browser(self.server)
            form = b.get("/sign-in").form("/sign-in")
            r = b.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD}, **headers)
            self.assertEqual((r.status, r.cause), (403, "other.undetermined"), headers)
            r = b.api("POST", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD}, **headers)
            self.assertEqual(r.status, 403)
        b = Browser(self.server)
        b.sign_in("hana", PASSWORD)
        self.assertEqual(b.get("/sign-out").status, 200, "a GET only asks")
        self.assertEqual(b.get("/auth/check").status, 200)
        self.assertEqual(b.post("/sign-out", {}).status, 400)
        self.assertEqual(b.get("/auth/check").status, 200)

    def test_forged_hosts_reach_no_mail(self):
        b = Browser(self.server)
        form = b.get("/recover").form("/recover")
        forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
        r = b.post("/recover", {**form["fields"], "email": "hana@example.jp"}, **forged)
        self.assertEqual(r.status, 303)
        self.server.code("hana@example.jp")
        for mail in self.server.mails():
            self.assertNotIn("evil.example", mail.as_string())

    def test_old_and_broken_cookies_never_stop_a_right_password(self):
        for junk in ("x", "A" * 43, "", "%00", "a" * 4000):
            b = Browser(self.server)
            form = b.get("/sign-in").form("/sign-in")
            b.cookies["kagiya_session"] = junk
            b.cookies["kagiya_device"] = junk
            r = b.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD})
            self.assertEqual(r.status, 303, junk)
            self.assertEqual(b.get("/auth/check").status, 200)

    def test_a_siblings_cookie_may_hold_anything(self):
        b = Browser(self.server)
        form = b.get("/sign-in").form("/sign-in")
        line = "; ".join(f"{k}={v}" for k, v in b.cookies.items()).encode() + "; ブログ=花の日記".encode() + b"; raw=\xff\xfe"
        r = b.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD}, Cookie=line)
        self.assertEqual((r.status, r.cause), (303, None))

    def test_a_new_sign_in_takes_the_old_ones_place(self):
        b, thief = Browser(self.server), Browser(self.server)
        b.sign_in("hana", PASSWORD)
        thief.cookies = dict(b.cookies)
        self.assertEqual(thief.get("/auth/check").status, 200)
        b.sign_in("hana", PASSWORD)
        self.assertEqual((b.get("/auth/check").status, thief.get("/auth/check").status), (200, 401))

    def test_metrics_are_for_the_operator_alone(self):
        b = Browser(self.server)
        self.assertEqual(b.get("/metrics").status, 200)
        self.assertEqual(b.get("/metrics", **{"X-Forwarded-For": "203.0.113.7"}).status, 404)

    def test_the_language_switch_keeps_the_page(self):
        b = Browser(self.server)
        form = b.get("/sign-in?return_to=/account/security").form("/language")
        r = b.post("/language", {**form["fields"], "lang": "en"})
        page = b.follow(r)
        self.assertIn('lang="en"', page.text)
        self.assertEqual(page.form("/sign-in")["fields"]["return_to"], "/account/security")
        for bad in ("//evil.example", "https://evil.example", "/\\evil"):
            self.assertEqual(b.post("/language", {"lang": "en", "from": bad}).header("Location"), "/")

    def test_forms_without_or_with_foreign_tokens_are_renewed(self):
        b, other = Browser(self.server), Browser(self.server)
        foreign = other.get("/sign-in").form("/sign-in")["fields"]["form"]
        b.get("/sign-in")
        for token in ("", "AAAA", foreign, "x" * 500):
            r = b.post("/sign-in", {"form": token, "login": "hana", "password": PASSWORD})
            self.assertEqual((r.status, r.cause), (400, "browser.flow_expired"))
            form = r.form("/sign-in")
            self.assertEqual(form["fields"]["login"], "hana")
        self.assertEqual(b.post("/sign-in", {**form["fields"], "password": PASSWORD}).status, 303)

    def test_the_usual_paths(self):
        b = Browser(self.server)
        self.assertEqual(b.get("/healthz").status, 200)
        self.assertEqual(b.get("/readyz").status, 200)
        self.assertIn(b.get("/.well-known/change-password").status, (302, 303))
        self.assertIn("/account/security", b.get("/.well-known/change-password").header("Location"))
        self.assertEqual(b.get("/").header("Location"), "/sign-in")
        self.assertEqual(b.get("/nothing").status, 404)
        self.assertEqual(b.get("/help/../../etc/passwd").status, 404)
        page = b.get("/sign-in")
        self.assertIn("frame-ancestors 'none'", page.header("Content-Security-Policy"))
        self.assertNotIn("unsafe", page.header("Content-Security-Policy"))
        self.assertIn('lang="en"', b.get("/sign-in?lang=en").text)
        self.assertIn('lang="en"', b.get("/sign-in").text, "remembered")

    def test_forwarded_addresses_count_from_trusted_proxies_only(self):
        toml = "[throttle]\nnetwork_tries = 3\n"
        with Server(toml=toml) as s:
            for n in range(5):
                r = Browser(s).sign_in(f"nobody-{n}", "x y z w v", **{})
                last = Browser(s, **{"X-Forwarded-For": f"203.0.113.{n}"}).sign_in(f"somebody-{n}", "x y z w v")
            self.assertEqual(last.status, 429)
        with Server("--trusted-proxy", "127.0.0.1/32", toml=toml) as s:
            for n in range(5):
                last = Browser(s, **{"X-Forwarded-For": f"203.0.113.{n}"}).sign_in(f"somebody-{n}", "x y z w v")
            self.assertEqual(last.status, 401)
            for n in range(5):
                last = Browser(s, **{"X-Forwarded-For": f"203.0.113.{n}, 198.51.100.7"}).sign_in(f"someone-{n}", "x y z w v")
            self.assertEqual(last.status, 429, "the rightmost untrusted hop counts")
            r = Browser(s, **{"X-Forwarded-For": "2001:db8:1:2::1"}).sign_in("hana", "x y z w v")
            self.assertEqual(s.why(r.reference)["network"], "2001:db8:1::/48")


if __name__ == "__main__":
    unittest.main()
