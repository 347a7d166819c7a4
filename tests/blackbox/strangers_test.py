"""What a stranger asks for, types, opens and holds takes nothing from anybody else, and tells nothing of anybody."""

import concurrent.futures
import http.client
import os
import re
import shutil
import socket
import stat
import struct
import subprocess
import tempfile
import time
import tomllib
import unittest

from client import BINARY, Browser, Server, Traveller, free_port
from issuer import Issuer, query
from support import CHEAP, Cluster, OnBoth, new_postgres, on_both, sql

PASSWORD = "correct horse battery"
WRONG = "000000"


def at(server, address, **headers):
    """A browser of another network, behind the trusted proxy."""
    return Browser(server, **{"X-Forwarded-For": address, **headers})


class Strangers(OnBoth):
    flags = ("--trusted-proxy", "127.0.0.1/32")
    toml = CHEAP

    def begin(self, b, path="/recover", field="email", login="hana"):
        return b.follow(b.submit(path, **{field: login})).form(f"{path}/code")

    def type(self, b, form, code):
        return b.post(form["action"], {**form["fields"], "code": code})

    def mails(self, count, address="hana@example.jp"):
        return self.server.wait_mails(address, count)

    def test_a_stranger_who_asks_makes_the_owners_code_no_less_good(self):
        self.server.account("hana")
        owner = at(self.server, "192.0.2.1")
        form = self.begin(owner)
        code = self.server.code("hana@example.jp")
        for n in range(3):
            self.begin(at(self.server, f"203.0.113.{n}"))
        self.mails(4)
        self.assertEqual(self.type(owner, form, code).status, 303)

    def test_wrong_codes_of_strangers_keep_the_owner_out_of_nothing(self):
        self.server.account("hana")
        for n in range(4):
            b = at(self.server, "203.0.113.7")
            form = self.begin(b)
            self.mails(n + 1)
            for _ in range(5):
                self.assertEqual(self.type(b, form, WRONG).status, 401)
        thief = at(self.server, "203.0.113.7")
        thieves = self.begin(thief)
        self.mails(5)
        # From the stranger's network not even the right one is looked at ...
        self.assertEqual(self.type(thief, thieves, self.server.code("hana@example.jp")).status, 401)
        # ... and the owner's network is not the stranger's.
        owner = at(self.server, "192.0.2.1")
        form = self.begin(owner)
        self.mails(6)
        self.assertEqual(self.type(owner, form, self.server.code("hana@example.jp")).status, 303)

    def test_mails_have_one_cap_over_all_kinds_and_one_is_kept_back(self):
        self.server.account("hana")
        ways = [("/recover", "email"), ("/unlock", "login")]
        for n in range(30):
            self.begin(at(self.server, "203.0.113.7"), *ways[n % 2])
        time.sleep(2)
        self.assertEqual(len(self.mails(1)), 5, "one network causes five")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n: self.begin(at(self.server, f"10.{n}.0.1"), *ways[n % 2]), range(60)))
        self.mails(20)
        time.sleep(1.5)
        # Twenty, and the one that is kept back: exactly, however many come at once.
        self.assertEqual(len(self.mails(20)), 21)

    def test_a_mailbox_has_one_cap_however_it_is_written(self):
        b = at(self.server, "203.0.113.7")
        for typed in ("no@example.jp", "<no@example.jp>", "mailto:no@example.jp", " no@example.jp. ", "n\u200bo@example.jp", "ｎｏ＠ｅｘａｍｐｌｅ．ｊｐ", "no@EXAMPLE.jp", "no@example。jp"):
            self.begin(b, login=typed)
        self.mails(5, "no@example.jp")
        time.sleep(1.5)
        self.assertEqual(len(self.mails(5, "no@example.jp")), 5)

    def test_a_members_mails_of_all_kinds_are_counted_together(self):
        self.server.account("hana")
        b = at(self.server, "203.0.113.7")
        for n in range(3):
            self.begin(b)
            self.begin(b, "/unlock", "login", "hana@example.jp")
            self.assertEqual(b.submit("/status", "/status/subscribe", email="hana@example.jp").status // 100, 3)
        self.mails(5)
        time.sleep(1.5)
        self.assertEqual(len(self.mails(5)), 5)

    def test_no_number_of_networks_keeps_the_mail_from_where_the_owner_lives(self):
        self.server.account("hana")
        self.assertEqual(at(self.server, "192.0.2.1").sign_in("hana", PASSWORD).status, 303)
        for n in range(30):
            self.begin(at(self.server, f"10.{n}.0.1"))
        self.mails(21)
        self.begin(at(self.server, "192.0.2.77"))
        self.mails(22)

    def test_browsers_that_were_signed_in_again_and_again_have_no_budget_each(self):
        self.server.account("taro")
        page = at(self.server, "203.0.113.7").get("/recover").form("/recover")
        statuses = []
        for n in range(12):
            b = at(self.server, "203.0.113.7")
            self.assertEqual(b.sign_in("taro", PASSWORD).status, 303)
            form = b.get("/recover").form("/recover")["fields"]
            statuses += [b.post("/recover", {**form, "email": f"n{n}x{m}@example.jp"}).status for m in range(60)]
        self.assertLessEqual(statuses.count(303), 600)

    def test_a_known_browser_gets_its_mail_beside_any_cap(self):
        self.server.account("hana")
        b = at(self.server, "192.0.2.1")
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        b.cookies.pop("kagiya_session")
        for n in range(26):
            self.begin(at(self.server, f"10.{n}.0.1"))
        self.mails(21)
        self.begin(b)
        self.mails(22)

    def test_nobody_who_asks_a_lot_makes_a_members_code_late(self):
        self.server.account("hana")
        stranger = at(self.server, "203.0.113.7")
        page = stranger.get("/recover").form("/recover")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: stranger.post("/recover", {**page["fields"], "email": f"n{n}@example.jp"}).status, range(400)))
        self.assertEqual(answers.count(303), 300, "a network's budget")
        self.assertEqual(answers.count(429), 100)
        begun = time.time()
        self.begin(at(self.server, "192.0.2.1"))
        self.server.code("hana@example.jp", seconds=5)
        self.assertLess(time.time() - begun, 5)

    def test_spent_tries_of_other_flows_are_the_owners_to_hear(self):
        self.server.account("hana")

        def walk(login, network):
            begun = []
            for _ in range(3):
                b = at(self.server, network)
                begun.append((b, self.begin(b, login=login)))
                time.sleep(1.2)
            heard = []
            for turn in range(4):
                for b, form in begun:
                    answer = self.type(b, form, WRONG)
                    heard.append((answer.status, answer.cause, sorted(answer.marks("data-because")), answer.marks("data-step")))
            return heard

        self.assertEqual(walk("hana", "203.0.113.7"), walk("nobody", "198.51.100.7"))

    def test_a_proof_lifts_the_networks_lock_for_this_browser(self):
        self.server.account("hana")
        spent = at(self.server, "203.0.113.7")
        page = spent.get("/sign-in").form("/sign-in")

        def guess(n):
            return spent.post("/sign-in", {**page["fields"], "login": f"guess{n % 60}", "password": f"wrong {n}"}).status

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(guess, range(330)))
        self.assertIn(429, statuses)
        owner = at(self.server, "203.0.113.7")
        self.assertEqual(owner.sign_in("hana", PASSWORD).status, 429, "the network is spent")
        form = self.begin(owner, "/unlock", "login")
        self.assertEqual(self.type(owner, form, self.server.code("hana@example.jp")).status, 303)
        self.assertEqual(owner.sign_in("hana", PASSWORD).status, 303)
        # The same by the API, and by confirming a refusal by mail.
        owner = at(self.server, "203.0.113.7")
        flow = owner.api("POST", "/api/v1/recover", {"email": "hana@example.jp"}).json["flow"]
        code = self.server.code("hana@example.jp", 2)
        self.assertEqual(owner.api("POST", "/api/v1/recover/code", {"flow": flow, "code": code}).status, 200)
        chosen = owner.api("POST", "/api/v1/recover/password", {"flow": flow, "password": "another unusual passphrase"})
        self.assertEqual(chosen.status, 200, chosen.text)
        signed_in = owner.api("POST", "/api/v1/sign-in", {"login": "hana", "password": "another unusual passphrase"})
        self.assertEqual(signed_in.status, 200, signed_in.text)
        owner = at(self.server, "203.0.113.7")
        refused = owner.sign_in("hana", "another unusual passphrase")
        self.assertEqual(refused.status, 429)
        form = owner.get(f"/why/{refused.reference}").form(f"/why/{refused.reference}/confirm")
        asked = owner.follow(owner.post(form["action"], form["fields"]))
        form = next(f for f in asked.page.forms if "code" in f["fields"])
        code = self.server.code("hana@example.jp", 3)
        self.assertEqual(owner.post(form["action"], {**form["fields"], "code": code}).status, 303)
        self.assertEqual(owner.sign_in("hana", "another unusual passphrase").status, 303)

    def test_a_form_that_was_made_for_one_account_does_nothing_to_another(self):
        for name in ("hana", "taro"):
            self.server.account(name)
        b = Browser(self.server)
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        page = b.get("/account/security").form("/account/emails")
        closing = b.get("/account/close").form("/account/close")
        # Another tab of the same browser.
        self.assertEqual(b.sign_in("taro", PASSWORD).status, 303)
        answer = b.post(page["action"], {**page["fields"], "email": "new@example.jp", "password": PASSWORD})
        self.assertEqual((answer.status, answer.cause), (409, "credential.other_account"))
        answer = b.post(closing["action"], {**closing["fields"], "password": PASSWORD})
        self.assertEqual(answer.status, 409)
        self.assertEqual(b.get("/auth/check").header("X-Kagiya-Login-Id"), "taro")
        self.assertEqual(self.server.mails("new@example.jp"), [])

    def test_pages_that_name_nobody_do_nothing_to_an_account(self):
        for name in ("hana", "taro"):
            self.server.account(name)
        b = Browser(self.server)
        lang = lambda: sql(self.server, self.url, "SELECT lang FROM account WHERE login_id = 'taro'")
        for path in ("/status", "/help", "/repair", "/recover", "/unlock", "/sign-up", "/nowhere"):
            self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
            form = b.get(path).form("/language")
            self.assertEqual(b.sign_in("taro", PASSWORD).status, 303)
            self.assertEqual(b.post("/language", {**form["fields"], "lang": "en"}).status, 303)
            self.assertEqual(lang(), ["ja"], path)
            b.cookies.pop("kagiya_lang", None)
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        form = b.get("/repair").form("/repair")
        self.assertEqual(b.sign_in("taro", PASSWORD).status, 303)
        self.assertEqual(b.post("/repair", form["fields"]).status, 409)
        self.assertEqual(b.get("/auth/check").header("X-Kagiya-Login-Id"), "taro")
        self.assertEqual(b.submit("/repair").status, 303)
        self.assertEqual(b.get("/auth/check").status, 401)

    def test_no_form_of_one_account_acts_on_another(self):
        """Every form of every page of one account, sent after another tab signed in to another."""
        for name in ("hana", "taro"):
            self.server.account(name)
        b, tried = Browser(self.server), 0
        lang = lambda: sql(self.server, self.url, "SELECT lang FROM account WHERE login_id = 'taro'")
        for path in ("/", "/account", "/account/security", "/account/sessions", "/account/links", "/account/methods", "/account/close", "/sign-out"):
            b.sign_in("hana", PASSWORD)
            for n in range(len(b.get(path).page.forms)):
                self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
                form = b.get(path).page.forms[n]
                if form["method"].lower() != "post":
                    continue
                self.assertEqual(b.sign_in("taro", PASSWORD).status, 303)
                fields = {"lang": "en", "password": PASSWORD, "current_password": PASSWORD, "new_password": "some unusual new phrase", **form["fields"]}
                answer = b.post(form["action"] or path, fields)
                if form["action"] == "/language":
                    self.assertEqual(lang(), ["ja"], path)
                else:
                    self.assertEqual(answer.status, 409, (path, form["action"], answer.text[-400:]))
                    tried += 1
                self.assertEqual(b.get("/auth/check").header("X-Kagiya-Login-Id"), "taro", (path, form["action"]))
        self.assertGreaterEqual(tried, 6)
        # What was made for the account that is signed in does what it says.
        form = b.get("/account").form("/language")
        b.post("/language", {**form["fields"], "lang": "en"})
        self.assertEqual(lang(), ["en"])
        self.assertEqual(b.submit("/sign-out").status, 303)
        self.assertEqual(b.get("/auth/check").status, 401)

    def test_a_bare_page_leaves_nothing_behind(self):
        begun = int(time.time() * 1000)
        for path in ("/sign-up/verify", "/recover/password", "/sign-in/google/choose", "/unlock/code", "/recover/code"):
            for _ in range(3):
                Browser(self.server).get(path)
                Browser(self.server).get(f"{path}?flow=01890a5d-ac96-774b-bcce-b302099a8057")
        for path in ("/sign-in/corp/callback?state=x", "/sign-in/corp/callback?code=x&state=y", "/sign-in/corp/callback?error=access_denied", "/why/ABCD-EFGH", "/status", "/", "/account", "/staff", "/help"):
            Browser(self.server).get(path)
        time.sleep(0.5)
        # What an earlier test left may be kept or swept meanwhile.
        self.assertEqual(sql(self.server, self.url, f"SELECT COUNT(*) FROM attempt WHERE created_at >= {begun}"), ["0"])

    def test_refusals_of_one_network_do_not_fill_the_disk(self):
        b = at(self.server, "203.0.113.7")
        page = b.get("/recover").form("/recover")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: b.post("/recover", {**page["fields"], "email": ""}).status, range(400)))
        rows = int(sql(self.server, self.url, "SELECT COUNT(*) FROM attempt")[0])
        self.assertLessEqual(rows, 260)
        self.assertGreater(rows, 50)

    def test_what_nobody_can_read_does_not_fill_the_disk_either(self):
        heads = [
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n",
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda n: status_line(self.server.port, heads[n % 3]), range(600)))
        self.assertEqual(set(answers), {b"HTTP/1.1 400", b"HTTP/1.1 414"})
        until = time.time() + 30
        rows = lost = 0
        # Each is either kept or counted, however slowly the database takes them.
        while rows + lost < 600 and time.time() < until:
            time.sleep(0.3)
            rows = int(sql(self.server, self.url, "SELECT COUNT(*) FROM attempt WHERE kind = 'edge'")[0])
            lost = self.server.metric("kagiya_attempts_not_kept_total")
        self.assertEqual(rows + lost, 600)
        # What is kept of one network in a minute; the flood may lie across two.
        self.assertLessEqual(rows, 240)
        self.assertGreater(rows, 0)

    def test_what_can_be_no_address_is_said_at_its_field(self):
        for typed in ("hana@", "hana@localhost", "ha na@example.jp", "hana@exa_mple..jp", "hana/x@localhost", "@", "!!!", "花 子", "@花子", "https://example.jp/花子"):
            answer = Browser(self.server).submit("/recover", email=typed)
            self.assertEqual(answer.status, 422, typed)
            self.assertIn('id="typed-error"', answer.text)
            self.assertEqual(Browser(self.server).submit("/unlock", login=typed).status, 422, typed)
            self.assertEqual(Browser(self.server).api("POST", "/api/v1/recover", {"email": typed}).status, 422, typed)

    def test_addresses_as_they_are_copied(self):
        self.server.account("hana")
        for typed in (
            "‹hana@example.jp›", "mailto:hana@example.jp", "hana@example。jp", "hana@example.jp.", "Hana <hana@example.jp>",
            "mailto:hana@example.jp?subject=help", "E-mail: hana@example.jp", "«hana@example.jp»", "“hana”",
        ):
            count = len(self.server.mails("hana@example.jp"))
            self.begin(at(self.server, f"10.{count}.0.9"), login=typed)
            self.mails(count + 1)

    def test_logins_as_they_are_pasted(self):
        self.server.account("hana")
        for typed in ("hana\t", "\thana\r\n", "\u202dhana\u202c", "\u2066hana@example.jp\u2069", "ha\u200bna", "\u200ehana", "“hana”", "「hana」", "'hana'", "hana。",
                      "Hana <hana@example.jp>", "mailto:hana@example.jp"):
            self.assertEqual(Browser(self.server).sign_in(typed, PASSWORD).status, 303, repr(typed))
        self.assertEqual(Browser(self.server).sign_in("ha\x1bna", PASSWORD).status // 100, 4)

    def test_a_sign_up_ends_the_session_that_was_there(self):
        self.server.account("hana")
        b = Browser(self.server)
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        before = b.cookies["kagiya_session"]
        self.assertEqual(b.sign_up("newcomer", "newcomer@example.jp", "an unusual passphrase").status, 303)
        thief = Browser(self.server)
        thief.cookies["kagiya_session"] = before
        self.assertEqual(thief.get("/auth/check").status, 401)
        self.assertEqual(b.get("/auth/check").header("X-Kagiya-Login-Id"), "newcomer")

    def test_a_sign_in_ends_the_session_that_was_there_whatever_stands_beside_it(self):
        self.server.account("hana")
        b = Browser(self.server)
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        before = b.cookies["kagiya_session"]
        junk = "; ".join(f"kagiya_session={n:043d}" for n in range(6))
        others = "; ".join(f"{name}={value}" for name, value in b.cookies.items() if name != "kagiya_session")
        page = Browser(self.server)
        page.cookies = {name: value for name, value in b.cookies.items() if name != "kagiya_session"}
        fields = page.get("/sign-in").form("/sign-in")["fields"]
        answer = page.post("/sign-in", {**fields, "login": "hana", "password": PASSWORD}, Cookie=f"{others}; {junk}; kagiya_session={before}")
        self.assertEqual(answer.status, 303, answer.cause)
        thief = Browser(self.server)
        thief.cookies["kagiya_session"] = before
        self.assertEqual(thief.get("/auth/check").status, 401)


on_both(Strangers)


@on_both
class SpentNetworks(OnBoth):
    flags = ("--trusted-proxy", "127.0.0.1/32")
    toml = "[throttle]\nnetwork_tries = 5\n"

    def test_a_network_without_tries_uses_up_none_of_the_owners_and_leaves_no_flow(self):
        s = self.server
        s.account("hana")
        owner = at(s, "203.0.113.9")
        form = owner.follow(owner.submit("/recover", email="hana")).form("/recover/code")
        code = s.code("hana@example.jp")
        elsewhere = lambda login: at(s, "203.0.113.9").submit("/recover/code", email=login, code=WRONG).status
        self.assertEqual([elsewhere(f"nobody{n}") for n in range(5)], [401] * 5)
        flows = sql(s, self.url, "SELECT COUNT(*) FROM flow")
        self.assertEqual({elsewhere(f"other{n}") for n in range(9)}, {429})
        self.assertEqual(sql(s, self.url, "SELECT COUNT(*) FROM flow"), flows)
        for _ in range(7):
            self.assertEqual(owner.post(form["action"], {**form["fields"], "code": code}).status, 429)
        owner.headers["X-Forwarded-For"] = "192.0.2.1"
        self.assertEqual(owner.post(form["action"], {**form["fields"], "code": code}).status, 303)

    def test_the_networks_around_one_have_budgets_too(self):
        s = self.server
        browsers = [at(s, f"2001:db8:5:{n:x}::1") for n in range(60)]
        # Where the code was asked for: there is a flow already, and it is the code's check that says no.
        forms = [b.follow(b.submit("/recover", email=f"nobody{n}")).form("/recover/code") for n, b in enumerate(browsers)]
        statuses = [b.post(form["action"], {**form["fields"], "code": WRONG}).status for b, form in zip(browsers, forms)]
        self.assertEqual((statuses[:40], set(statuses[40:])), ([401] * 40, {429}))


def talk(port, data, seconds=6):
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.sendall(data)
        out = b""
        try:
            while chunk := line.recv(65536):
                out += chunk
        except TimeoutError:
            pass
        return out


def status_line(port, data):
    with socket.create_connection(("127.0.0.1", port), timeout=6) as line:
        line.sendall(data)
        return line.recv(12)


class Lines(unittest.TestCase):
    """Connections, without a database's part in it."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(toml="[connections]\nmost = 64\nper_network = 40\n")
        cls.addClassCleanup(cls.server.__exit__)

    def test_what_cannot_be_read_is_answered_with_a_page(self):
        many = b"".join(b"X%d: 1\r\n" % n for n in range(150))
        for data, status in [
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nBad Header\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a\r\n" + many + b"\r\n", 431),
            (b"\r\n\r\nGET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ]:
            answer = talk(self.server.port, data)
            self.assertTrue(answer.startswith(b"HTTP/1.1 %d " % status), (data[:40], answer[:80]))
            for wanted in (b"data-verdict", b"nosniff", b"content-security-policy", b"referrer-policy", b"x-frame-options"):
                self.assertIn(wanted, answer.lower(), data[:40])

    def test_every_answer_says_what_it_is(self):
        b = Browser(self.server)
        for path in ("/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/status/feed.atom", "/api/v2/summary.json", "/auth/check", "/no-such-page", "/favicon.ico", "/api/v1/session"):
            names = {name.lower() for name, _ in b.get(path).headers}
            for wanted in ("x-content-type-options", "content-security-policy", "referrer-policy", "x-frame-options"):
                self.assertIn(wanted, names, path)

    def test_the_longest_silent_makes_room_for_a_person(self):
        held = [socket.create_connection(("127.0.0.1", self.server.port)) for _ in range(80)]
        self.addCleanup(lambda: [line.close() for line in held])
        begun = time.time()
        self.assertEqual(Browser(self.server).get("/sign-in").status, 200)
        self.assertLess(time.time() - begun, 1)
        held[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertIn(b"200 OK", held[-1].recv(200), "the newest is still there")
        held[0].settimeout(5)
        self.assertEqual(held[0].recv(1), b"", "the oldest is not")

    def test_fields_that_cost_a_byte_each_take_no_memory(self):
        """HTTP/2: one small field, repeated by its number thousands of times on every stream (RFC 7541, 7.3)."""
        frame = lambda kind, flags, stream, body: len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body
        field = lambda name, value: b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
        head = b"".join(field(*pair) for pair in ((b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"x"), (b":path", b"/sign-in")))
        first = frame(1, 4, 1, head + b"\x40\x01a\x00")
        bomb = b"".join(frame(1, 4, 2 * n + 3, head + b"\xbe" * 3_000) for n in range(31))
        held = []
        self.addCleanup(lambda: [line.close() for line in held])
        with Server() as s:
            for n in range(64):
                line = socket.create_connection(("127.0.0.1", s.port), source_address=(f"127.0.0.{2 + n % 4}", 0))
                held.append(line)
                line.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"\0\x04\0\0\0\0") + first + bomb)
            time.sleep(2)
            with open(f"/proc/{s.process.pid}/status") as file:
                peak = int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1)) // 1024
            self.assertLess(peak, 140)
            self.assertEqual(Browser(s).get("/sign-in").status, 200)

    def test_a_client_that_takes_a_byte_and_no_more_is_cut_and_kept_little_for(self):
        frame = lambda kind, flags, stream, body: len(body).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + body
        field = lambda name, value: b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value
        head = b"".join(field(*pair) for pair in ((b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"x"), (b":path", b"/api/v1/openapi.json")))
        asked = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b"\0\x04\0\0\0\x01") + b"".join(frame(1, 5, 2 * n + 1, head) for n in range(30))
        with Server() as s, socket.create_connection(("127.0.0.1", s.port)) as line:
            line.sendall(asked)
            line.settimeout(1)
            begun, buffer = time.monotonic(), b""
            while time.monotonic() - begun < 40:
                try:
                    more = line.recv(65536)
                except TimeoutError:
                    continue
                except ConnectionResetError:
                    break
                if not more:
                    break
                buffer += more
                # Its pings and settings are acknowledged: the client lives.
                while len(buffer) >= 9 and len(buffer) >= 9 + int.from_bytes(buffer[:3], "big"):
                    size, kind, flags = int.from_bytes(buffer[:3], "big"), buffer[3], buffer[4]
                    if kind in (4, 6) and not flags & 1:
                        line.sendall(frame(kind, 1, 0, buffer[9:9 + size] if kind == 6 else b""))
                    buffer = buffer[9 + size:]
            self.assertLess(time.monotonic() - begun, 30)

    def test_half_bodies_make_room_too(self):
        head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n"
        held = []
        self.addCleanup(lambda: [line.close() for line in held])
        for _ in range(80):
            held.append(socket.create_connection(("127.0.0.1", self.server.port)))
            held[-1].sendall(head + b"a" * 2_000)
        time.sleep(0.3)
        self.assertEqual(Browser(self.server).get("/sign-in").status, 200)

    def test_silence_has_an_end_before_and_within_http2(self):
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        settings = b"\0\0\0\4\0\0\0\0\0"
        held = []
        self.addCleanup(lambda: [line.close() for line in held])
        for data in (b"", b"P", preface[:10], b"GET / HTTP/1.1\r\nHost: x\r\nX: ", preface + settings):
            held.append(socket.create_connection(("127.0.0.1", self.server.port)))
            held[-1].sendall(data)
        time.sleep(23)
        for line in held:
            line.settimeout(2)
            try:
                while line.recv(65536):
                    pass
            except ConnectionResetError:
                pass  # Cut is cut.

    def test_a_body_must_come_at_a_pace(self):
        head = b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.server.port)) as line:
            line.sendall(head)
            line.settimeout(0.5)
            begun, answer = time.monotonic(), b""
            while not answer and time.monotonic() - begun < 15:
                try:
                    line.sendall(b"a")
                    answer = line.recv(65536)
                except TimeoutError:
                    pass
            self.assertTrue(answer.startswith(b"HTTP/1.1 4"), answer[:80])
            self.assertLess(time.monotonic() - begun, 8)
        # Slow and steady arrives.
        with socket.create_connection(("127.0.0.1", self.server.port)) as line:
            line.sendall(head.replace(b"1000", b"9000"))
            for _ in range(9):
                line.sendall(b"a" * 1000)
                time.sleep(0.9)
            line.settimeout(5)
            answer = b""
            while b"data-cause" not in answer and (more := line.recv(1 << 20)):
                answer += more
            self.assertIn(b"data-cause", answer)

    def test_answers_that_nobody_reads_are_not_made(self):
        def memory():
            with open(f"/proc/{self.server.process.pid}/status") as file:
                return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) // 1024

        before, held = memory(), []
        self.addCleanup(lambda: [line.close() for line in held])
        for _ in range(20):
            line = socket.create_connection(("127.0.0.1", self.server.port))
            line.setblocking(False)
            held.append(line)
            for _ in range(20):
                try:
                    line.send(b"GET /sign-in HTTP/1.1\r\nHost: x\r\n\r\n" * 1_500)
                except BlockingIOError:
                    pass
        time.sleep(4)
        self.assertLess(memory() - before, 60)


class Settings(unittest.TestCase):
    def start(self, *words, toml="", env=None):
        server = Server(toml=toml, start=False, env=env)
        self.addCleanup(lambda: shutil.rmtree(server.data, ignore_errors=True))
        return server.run(*words, "account", "list", check=False)

    def test_no_error_shows_a_secret(self):
        secret = "hunter2-of-ours"
        texts = [f"postgres://u:{secret}@h:port/d", f"mysql://u:{secret}@h/d", f"smtp://u:{secret}@h:port", f"https://u:{secret}@h", secret, f"http://{secret}.example"]
        for name in ("--database", "--mail", "--public-url", "--listen", "--trusted-proxy"):
            for text in texts:
                variable = "KAGIYA_" + name[2:].upper().replace("-", "_")
                for done in (self.start(name, text), self.start(env={variable: text}), self.start(toml=f'{name[2:].replace("-", "_")} = "{text}"\n')):
                    self.assertNotIn(secret, done.stdout + done.stderr, (name, text))
        for done in (self.start(f"--databse={texts[0]}"), self.start(env={"KAGIYA_DATABASE": texts[0], "KAGIYA_MAIL": texts[2]})):
            self.assertEqual(done.returncode, 2)
            self.assertNotIn(secret, done.stdout + done.stderr)

    def settings_there_are(self):
        """Every key of the README's settings, as paths, with those that stand there as remarks."""
        with open(os.path.join(os.path.dirname(__file__), "../../README.md")) as file:
            text = re.search(r"```toml\n(.*?)```", file.read(), re.S).group(1)
        text = re.sub(r"^# (?=[a-z_]+ = )", "", text, flags=re.M)

        def paths(value, path=()):
            for key, inner in value.items():
                if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                    for one in inner:
                        yield from paths(one, (*path, [key]))
                yield (*path, key)
                if isinstance(inner, dict):
                    yield from paths(inner, (*path, key))

        return sorted({tuple(map(str, path)): path for path in paths(tomllib.loads(text))}.values(), key=str)

    def test_no_setting_shows_a_secret_that_it_cannot_understand(self):
        secret, shown = "s3cr3t-Zq9", []
        keys = self.settings_there_are()
        self.assertGreater(len(keys), 60)
        wrong = [f'"{secret}"', f'["{secret}"]', f'{{ x = "{secret}" }}', f'"postgres://u:{secret}@h:x/d"', f'"smtp://u:{secret}@h:x"', f'"https://u:{secret}@h:x/#y"', f'"{secret}', f'"{secret}\\u0007"']

        def tried(job):
            path, value = job
            *tables, key = path
            heads = ".".join(t[0] if isinstance(t, list) else t for t in tables)
            head = (f"[[{heads}]]" if tables and isinstance(tables[-1], list) else f"[{heads}]") if tables else ""
            with tempfile.TemporaryDirectory() as folder:
                with open(f"{folder}/k.toml", "w") as file:
                    file.write(f"{head}\n{key} = {value}\n")
                done = subprocess.run([BINARY, "--config", f"{folder}/k.toml", "--data", f"{folder}/d", "migrate"], capture_output=True, text=True, env={**os.environ, "RUST_BACKTRACE": "full"})
                self.assertIn(done.returncode, (0, 1, 2), (path, value, done.stderr))
                return [(path, value, done.stderr)] if secret in done.stdout + done.stderr else []

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for found in pool.map(tried, [(path, value) for path in keys for value in wrong]):
                shown += found
        self.assertEqual(shown, [])
        for flag in ("--database", "--mail", "--public-url", "--listen", "--trusted-proxy", "--data", "--keys", "--config"):
            for value in (f"postgres://u:{secret}@h:x/d", f"smtp://u:{secret}@h:x", f"https://u:{secret}@h:x/#y"):
                name = "KAGIYA_" + flag.strip("-").replace("-", "_").upper()
                for words, env in (([flag, value], {}), ([], {name: value})):
                    with tempfile.TemporaryDirectory() as folder:
                        done = subprocess.run([BINARY, *words, "migrate"], capture_output=True, text=True, cwd=folder, env={**os.environ, **env})
                        told = done.stdout + done.stderr
                        told += subprocess.run([BINARY, "serve", "--help"], capture_output=True, text=True, env={**os.environ, **env}).stdout if env else ""
                    if flag not in ("--data", "--keys", "--config"):
                        self.assertNotIn(secret, told, (words, env))

    def test_nothing_that_runs_shows_a_secret(self):
        secret = "s3cr3t-Zq9"
        issuer = Issuer()
        self.addCleanup(issuer.close)
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/secret", "w") as file:
                file.write(secret)
            os.chmod(f"{folder}/secret", 0o600)
            dead = free_port()
            toml = f"""database = "{new_postgres().replace('kagiya@', f'kagiya:{secret}@')}"
mail = "smtp://mailer:{secret}@127.0.0.1:{dead}"
[status]
publish_by_itself = true
components = [{{ id = "shop", name = "Shop", probe_url = "http://u:{secret}@127.0.0.1:{dead}/" }}]
[status.export]
endpoint = "http://127.0.0.1:{dead}"
bucket = "b"
access_key = "a"
secret_key_file = "{folder}/secret"
{issuer.settings('corp')}client_secret_file = "{folder}/secret"
[[providers]]
id = "club"
kind = "oauth2"
client_id = "c"
client_secret_file = "{folder}/secret"
authorize_url = "http://127.0.0.1:{dead}/authorize"
token_url = "http://127.0.0.1:{dead}/token"
userinfo_url = "http://127.0.0.1:{dead}/me"
"""
            server = Server(toml=toml, env={"RUST_BACKTRACE": "full", "RUST_LOG": "debug"})
            self.addCleanup(server.__exit__)
            server.account("hana")
            b = Traveller(server)
            told = [b.submit("/recover", email="hana@example.jp").text, b.sign_in("hana", "wrong").text]
            for provider in ("corp", "club"):
                state = query(b.start(provider).header("Location"))["state"]
                answer = b.get(f"/sign-in/{provider}/callback?code=x&state={state}")
                told += [answer.text, server.run("why", answer.reference, "--json", check=False).stdout if answer.reference else ""]
            time.sleep(6)
            told += [Browser(server).get(path).text for path in ("/metrics", "/readyz", "/status", "/api/v2/summary.json")]
            for words in (("doctor", "--json"), ("doctor",), ("status",), ("account", "show", "hana")):
                done = server.run(*words, check=False)
                told += [done.stdout, done.stderr]
            server.stop()
            with open(f"{server.data}/server.log") as file:
                told.append(file.read())
            for text in told:
                self.assertNotIn(secret, text)
            self.assertGreater(len(told[-1]), 1_000)

    def test_control_characters_are_refused_by_name(self):
        done = self.start(toml='[service]\nname = "花\\r\\nBcc: x@example.jp"\n')
        self.assertEqual(done.returncode, 2)
        self.assertIn("service.name", done.stderr)

    def test_codes_do_not_leave_in_the_clear_unless_it_is_said(self):
        done = self.start("--mail", "smtp://mail.example.jp:587/?tls=opportunistic")
        self.assertEqual(done.returncode, 2)
        self.assertIn("mail_in_the_clear", done.stderr)
        done = self.start("--mail", "smtp://mail.example.jp:587/?tls=opportunistic", toml="mail_in_the_clear = true\n")
        self.assertNotIn("mail_in_the_clear", done.stderr)

    def test_files_are_their_owners_alone(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        with Server() as s:
            s.account("hana")
            Browser(s).submit("/recover", email="hana")
            s.wait_mails("hana@example.jp", 1)
            for folder, _, names in os.walk(s.data):
                for name in [".", *names]:
                    if name != "server.log":
                        mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
                        # The folder itself was made by this test.
                        self.assertEqual(mode & 0o077, 0, (folder, name, oct(mode)))
            os.chmod(os.path.join(s.data, "kagiya.db"), 0o644)
            told = s.run("doctor", "--json", check=False).stdout
            self.assertRegex(told, r'"check":"files"[^}]*"ok":false|"ok":false[^}]*"check":"files"|kagiya\.db: others')

    def test_a_stop_is_told_before_it_comes(self):
        server = Server(toml="drain_seconds = 2\n")
        self.addCleanup(lambda: shutil.rmtree(server.data, ignore_errors=True))
        b = Browser(server)
        self.assertEqual(b.get("/readyz").status, 200)
        server.process.terminate()
        time.sleep(0.5)
        self.assertEqual((b.get("/readyz").status, b.get("/sign-in").status), (503, 200))
        self.assertEqual(server.process.wait(15), 0)
        server.process.stdout.close()
        server.log.close()
        with open(os.path.join(server.data, "server.log")) as file:
            self.assertNotIn("ERROR", file.read())

    def test_lines_that_lie_idle_hold_no_stop_up(self):
        server = Server()
        self.addCleanup(lambda: shutil.rmtree(server.data, ignore_errors=True))
        lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
        for line in lines:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertTrue(line.recv(65536).startswith(b"HTTP/1.1 200"))
        server.process.terminate()
        # They are told the end at once, and not after the ten seconds that requests have to finish.
        self.assertEqual(server.process.wait(8), 0)
        self.assertEqual([line.recv(10) for line in lines], [b""] * 20)
        for line in lines:
            line.close()
        server.process.stdout.close()
        server.log.close()

    def test_a_stop_amid_everything_loses_no_work_to_a_closed_store(self):
        for url in (None, new_postgres()):
            server = Server("--trusted-proxy", "127.0.0.1/32", database=url)
            self.addCleanup(lambda data=server.data: shutil.rmtree(data, ignore_errors=True))
            server.account("hana")

            def knock(n):
                try:
                    b = at(server, f"203.0.{n % 200}.{n // 200 + 1}")
                    b.sign_in("hana" if n % 2 else f"nobody{n}", f"wrong {n}")
                    b.submit("/recover", email="hana" if n % 3 else f"n{n}@example.jp")
                except (OSError, http.client.HTTPException, AttributeError, TypeError):
                    pass

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                knocks = [pool.submit(knock, n) for n in range(400)]
                time.sleep(1.5)
                server.process.terminate()
                self.assertEqual(server.process.wait(40), 0)
                for one in knocks:
                    one.cancel()
            server.process.stdout.close()
            server.log.close()
            with open(os.path.join(server.data, "server.log")) as file:
                log = file.read()
            self.assertNotIn("ERROR", log)
            self.assertNotIn("could not be kept", log)

    def test_metrics_are_not_open_behind_a_proxy_by_accident(self):
        with Server("--public-url", "https://login.example.jp") as s:
            self.assertEqual(Browser(s).get("/metrics").status, 404)
        with Server("--public-url", "https://login.example.jp", toml='metrics_from = ["127.0.0.1"]\nhsts_include_subdomains = true\n') as s:
            self.assertEqual(Browser(s).get("/metrics").status, 200)
            for path in ("/sign-in", "/auth/check", "/healthz"):
                self.assertEqual(Browser(s).get(path).header("Strict-Transport-Security"), "max-age=31536000; includeSubDomains", path)
            raw = talk(s.port, b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n")
            self.assertIn(b"includeSubDomains", raw)

    def test_the_place_that_was_wanted_by_any_proxys_name(self):
        with Server() as s:
            for name, value in [("X-Forwarded-Uri", "/shop?a=1&b=2"), ("X-Original-URI", "/shop?a=1&b=2"), ("X-Original-URL", "https://shop.example.jp/shop?a=1&b=2")]:
                self.assertIn("return_to=%2Fshop%3Fa%3D1%26b%3D2", Browser(s).get("/auth/check", **{name: value}).header("Location"), name)


class Databases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.close)

    def works(self, *flags, **more):
        more.setdefault("toml", CHEAP)
        with Server(*flags, **more) as s:
            s.account("hana")
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                statuses = list(pool.map(lambda _: Browser(s).sign_in("hana", PASSWORD).status, range(32)))
            self.assertEqual(set(statuses), {303}, statuses)
            b = Browser(s)
            b.sign_in("hana", PASSWORD)
            self.assertEqual(b.get("/account").status, 200)
            self.assertEqual(b.get("/readyz").status, 200)

    def bouncer(self, port):
        folder = tempfile.mkdtemp(prefix="kagiya-pgb-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        with open(f"{folder}/ini", "w") as file:
            file.write(
                f"[databases]\n* = host=127.0.0.1 port={self.cluster.port} user=kagiya\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
                f"auth_type = any\npool_mode = transaction\ndefault_pool_size = 5\nunix_socket_dir =\nlogfile = {folder}/log\n"
            )
        os.chmod(folder, 0o777)
        bouncer = subprocess.Popen([*self.cluster.user, shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", f"{folder}/ini"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (bouncer.terminate(), bouncer.wait()))
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)

    def test_behind_pgbouncer(self):
        port, url = free_port(), self.cluster.database()
        self.bouncer(port)
        self.works(database=url.replace(f":{self.cluster.port}/", f":{port}/"))

    def test_a_pgbouncer_that_comes_later(self):
        port, url = free_port(), self.cluster.database()
        with Server(database=url.replace(f":{self.cluster.port}/", f":{port}/")) as s:
            self.assertEqual(Browser(s).get("/readyz").status, 503)
            self.bouncer(port)
            for _ in range(150):
                if Browser(s).get("/readyz").status == 200:
                    break
                time.sleep(0.2)
            s.account("hana")
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                statuses = list(pool.map(lambda _: Browser(s).sign_in("hana", PASSWORD).status, range(32)))
            self.assertEqual(set(statuses), {303}, statuses)

    def test_a_default_of_serializable(self):
        url = self.cluster.database()
        self.cluster.run("postgres", f"ALTER DATABASE {url.rsplit('/', 1)[1]} SET default_transaction_isolation = 'serializable'")
        self.works(database=url)

    def test_what_the_database_undoes_is_begun_anew(self):
        """The database says of every other write, and of every third end of a transaction, that another was in its way."""
        url = self.cluster.database()
        with Server(database=url) as s:
            s.account("hana")
            self.cluster.run(url.rsplit("/", 1)[1], """
                CREATE SEQUENCE undone;
                CREATE FUNCTION deadlock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF nextval('undone') % 2 = 0 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF; RETURN NEW; END $$;
                CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF nextval('undone') % 3 = 0 THEN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$;
                CREATE TRIGGER deadlock BEFORE INSERT ON session FOR EACH ROW EXECUTE FUNCTION deadlock();
                CREATE CONSTRAINT TRIGGER conflict AFTER INSERT ON attempt DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION conflict();
            """)
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                statuses = list(pool.map(lambda _: Browser(s).sign_in("hana", PASSWORD).status, range(24)))
            self.assertEqual(set(statuses), {303}, statuses)
            count = lambda table, more="": int(self.cluster.run(url.rsplit("/", 1)[1], f"SELECT count(*) FROM {table} {more}"))
            sessions = count("session", "WHERE account_id = (SELECT id FROM account WHERE login_id = 'hana')")
            self.assertEqual(sessions, 24, "what was undone left nothing behind")
            self.assertEqual(count("attempt", "WHERE outcome = 'signed_in'"), 24)

    def test_sessions_that_can_only_read_are_given_up(self):
        url = self.cluster.database()
        name = url.rsplit("/", 1)[1]
        with Server(database=url, toml=CHEAP) as s:
            s.account("hana")
            self.cluster.run("postgres", f"ALTER DATABASE {name} SET default_transaction_read_only = on")
            self.cluster.run("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                statuses = set(pool.map(lambda _: Browser(s).sign_in("hana", PASSWORD).status, range(32)))
            self.assertEqual(statuses, {503}, "every session of the pool can only read")
            self.cluster.run("postgres", f"ALTER DATABASE {name} RESET default_transaction_read_only")
            until = time.monotonic() + 30
            while time.monotonic() < until:
                with concurrent.futures.ThreadPoolExecutor(16) as pool:
                    statuses = set(pool.map(lambda _: Browser(s).sign_in("hana", PASSWORD).status, range(32)))
                if statuses == {303} and Browser(s).get("/readyz").status == 200:
                    break
                time.sleep(1)
            self.assertEqual(statuses, {303})

    def test_by_socket(self):
        name, at, port = self.cluster.database().rsplit("/", 1)[1], self.cluster.folder, self.cluster.port
        quoted = at.replace("/", "%2F")
        for url in (
            f"postgres://kagiya@/{name}?host={at}&port={port}", f"postgres:///{name}?host={at}&port={port}&user=kagiya",
            f"postgresql://kagiya@{quoted}:{port}/{name}", f"postgres://kagiya@:{port}/{name}?host={at}",
            f"postgres://kagiya@/{name}?host={quoted}&port={port}", f"postgres://kagiya:p%40ss@/{name}?port={port}&host={at}",
        ):
            with Server(database=url) as s:
                self.assertEqual(Browser(s).get("/readyz").status, 200, url)
        for url, words in (
            (f"postgres://kagiya@127.0.0.1:1,127.0.0.1:{port}/{name}", "several hosts"),
            (f"postgres://kagiya@/{name}?host=/run/a,/run/b", "several hosts"),
            (f"postgres://kagiya@/{name}?host=@abstract", "abstract"),
        ):
            refused = subprocess.run([BINARY, "--data", at, "--database", url, "migrate"], capture_output=True, text=True)
            self.assertEqual(refused.returncode, 2, refused.stderr)
            self.assertIn(words, refused.stderr)
        self.works(database=f"postgres://kagiya@/{name}?host={at}&port={port}")

    def test_few_connections_are_a_setting_and_named_by_the_doctor(self):
        url = self.cluster.database()
        self.works(database=url, toml="database_connections = 3\n" + CHEAP)
        self.cluster.run("postgres", f"ALTER DATABASE {url.rsplit('/', 1)[1]} CONNECTION LIMIT 8")
        server = Server(database=url, start=False)
        self.addCleanup(lambda: shutil.rmtree(server.data, ignore_errors=True))
        self.assertIn("the database allows 8 connections", server.run("doctor", check=False).stdout)

    def test_another_encoding_and_too_few_rights_are_told(self):
        self.cluster.run("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        self.cluster.run("postgres", "CREATE ROLE guest LOGIN")
        url = self.cluster.database()
        self.cluster.run(url.rsplit("/", 1)[1], "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        closed, unused, part = self.cluster.database(), self.cluster.database(), self.cluster.database()
        self.cluster.run("postgres", f"REVOKE CONNECT ON DATABASE {closed.rsplit('/', 1)[1]} FROM PUBLIC")
        self.cluster.run(unused.rsplit("/", 1)[1], "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        with Server(database=part):
            pass
        self.cluster.run(part.rsplit("/", 1)[1], "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO guest; REVOKE INSERT ON attempt FROM guest")
        as_guest = lambda url: url.replace("kagiya@", "guest@")
        for database, words in [
            (url.rsplit("/", 1)[0] + "/latin", "UTF8"), (as_guest(url), "GRANT"), (as_guest(closed), "GRANT CONNECT"),
            (as_guest(unused), "GRANT USAGE"), (as_guest(part), "TO guest"),
        ]:
            server = Server(database=database, start=False)
            self.addCleanup(lambda s=server: shutil.rmtree(s.data, ignore_errors=True))
            done = server.run("migrate", check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(words, done.stderr)
