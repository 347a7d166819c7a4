"""What stands between a browser and its sign-in: cookies, pages, clocks, lines, proxies. Raw HTTP."""

import http.client
import http.server
import json
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from client import Answer, Browser, Server, free_port

LINE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari Line/15.1.0"
INSTAGRAM = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 350.0"
OLD = "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko"
PASSWORD = "correct horse battery"


class OnOneServer(unittest.TestCase):
    toml = ""
    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.flags, toml=cls.toml)
        cls.server.account("hana")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def browser(self, **headers):
        return Browser(self.server, **headers)

    def expired(self, answer):
        return [v for k, v in answer.headers if k.lower() == "set-cookie" and "max-age=0" in v.lower()]


class Cookies(OnOneServer):
    toml = '[browser]\nlegacy_cookies = ["OLDSESSION"]\n'

    def test_a_right_password_gets_in_whatever_the_old_cookies_say(self):
        b = self.browser()
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        good = b.cookies["kagiya_session"]
        stale = [
            "kagiya_session=", "kagiya_session=x", "kagiya_session=" + "A" * 43, f"kagiya_session={good[:20]}",
            f"kagiya_session=v1.{good}", "kagiya_session=%00%ff", "kagiya_session=" + "é" * 50, 'kagiya_session="{}"',
            f"kagiya_session={'A' * 43}; kagiya_session={'B' * 43}", "kagiya_session", "=; ;;; kagiya_session==",
            "kagiya_session=" + "x" * 5000, f"__Host-kagiya_session={'A' * 43}; OLDSESSION=1",
        ]
        for cookie in stale:
            fresh = self.browser()
            fresh.get("/sign-in")
            flow = fresh.cookies["kagiya_flow"]
            header = {"Cookie": f"kagiya_flow={flow}; {cookie}".encode("utf-8").decode("latin-1")}
            page = fresh.get("/sign-in?return_to=%2Faccount%2Fsecurity", **header)
            self.assertEqual(page.status, 200, cookie)
            form = page.form("/sign-in")
            answer = fresh.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD}, **header)
            self.assertEqual((answer.status, answer.header("Location")), (303, "/account/security"), cookie)
            self.assertEqual(fresh.get("/account/security").status, 200, cookie)

    def test_of_two_session_cookies_the_one_that_validates_wins_and_the_other_scopes_go(self):
        b = self.browser()
        b.sign_in("hana", PASSWORD)
        good = b.cookies["kagiya_session"]
        for order in (f"kagiya_session={'A' * 43}; kagiya_session={good}", f"kagiya_session={good}; kagiya_session=zzz"):
            self.assertEqual(b.get("/account", Cookie=order).status, 200)
            self.assertEqual(b.get("/auth/check", Cookie=order).status, 200)
        b.keep = False
        page = b.get("/sign-in", Cookie=f"kagiya_flow={b.cookies['kagiya_flow']}; kagiya_session=a; kagiya_session=b; OLDSESSION=1")
        gone = self.expired(page)
        self.assertTrue(any("kagiya_session=;" in c and "Path=/account" in c for c in gone), gone)
        self.assertTrue(any(c.startswith("OLDSESSION=;") and "Path=/;" in c + ";" for c in gone), gone)

    def test_thrown_back_by_a_stale_session_is_told_with_a_reference(self):
        b = self.browser()
        b.get("/sign-in")
        b.cookies["kagiya_session"] = "A" * 43
        answer = b.get("/account/security")
        self.assertEqual(answer.status, 303)
        page = b.follow(answer)
        self.assertEqual((page.status, page.cause), (200, "browser.session_stale"))
        self.assertIn("repair", page.marks("data-step"))
        self.assertIn("password_reset", page.marks("data-avoid"))
        self.assertIn("unknown_session", page.marks("data-because"))
        self.assertNotIn("kagiya_session", b.cookies)
        report = self.server.why(page.reference)
        self.assertEqual(report["cause"], "browser.session_stale")
        self.assertIn("stale_session_removed", report["repairs"])
        self.assertIn(["kagiya_session", 1], report["browser"]["trace"]["cookies"])

    def test_a_revoked_session_says_why(self):
        a, b = self.browser(), self.browser()
        a.sign_in("hana", PASSWORD)
        b.sign_in("hana", PASSWORD)
        form = b.get("/account/sessions").form("/account/sessions")
        b.post("/account/sessions", {**form["fields"], "others": "1", "id": "others"})
        page = a.get("/account/security")
        if page.status == 303:
            page = a.follow(page)
            self.assertIn("ended_session", page.marks("data-because"))
            self.assertEqual(page.cause, "browser.session_stale")

    def test_cookies_that_do_not_come_back_are_named_and_named_again_with_other_advice(self):
        b = self.browser()
        b.keep = False
        page = b.get("/sign-in?return_to=%2Faccount")
        first = b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual((first.status, first.cause), (400, "browser.cookie_blocked"))
        self.assertIn('value="hana"', first.text)
        self.assertIn('value="/account"', first.text)
        second = b.post("/sign-in", {**first.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual(second.cause, "browser.cookie_blocked")
        self.assertNotEqual(first.marks("data-step")[0], second.marks("data-step")[0])

    def test_cookies_cleared_while_the_page_was_open_are_something_else(self):
        b = self.browser()
        b.get("/sign-in")
        form = b.get("/sign-in").form("/sign-in")
        b.cookies.clear()
        fields = {**form["fields"], "login": "hana", "password": PASSWORD}
        answer = b.post("/sign-in", fields)
        self.assertEqual((answer.status, answer.cause), (400, "browser.flow_expired"))
        b.cookies.clear()
        vouched = b.post("/sign-in", fields, **{"Sec-Fetch-Site": "same-origin"})
        self.assertEqual(vouched.status, 303)

    def test_large_cookies_are_taken_and_too_large_ones_explained(self):
        b = self.browser()
        page = b.get("/sign-in?return_to=%2Faccount")
        flow = f"kagiya_flow={b.cookies['kagiya_flow']}"
        b.keep = False
        jar = "; ".join(f"shop_{n}={'x' * 3900}" for n in range(8))
        page = b.get("/sign-in?return_to=%2Faccount", Cookie=f"{flow}; {jar}")
        self.assertEqual(page.status, 200)
        answer = b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD}, Cookie=f"{flow}; {jar}")
        self.assertEqual((answer.status, answer.header("Location")), (303, "/account"))
        seen = b.get("/check?probe=1", Cookie=f"{flow}; {jar}")
        self.assertEqual(seen.cause, "browser.cookie_overflow")
        self.assertIn("shop_0", seen.text)
        jar = "; ".join(f"shop_{n}={'x' * 3900}" for n in range(20))
        for path in ("/sign-in", "/account", "/"):
            refused = b.get(path, Cookie=f"{flow}; {jar}")
            self.assertEqual((refused.status, refused.cause), (431, "browser.cookie_overflow"), path)
            self.assertIn("shop_", refused.text)
            self.assertTrue(any("kagiya_session=;" in c for c in self.expired(refused)))
        repaired = b.post("/repair", b.get("/repair", Cookie=f"{flow}; {jar}").form("/repair")["fields"], Cookie=f"{flow}; {jar}")
        self.assertEqual(repaired.status, 303)
        gone = self.expired(repaired)
        self.assertTrue(all(any(c.startswith(f"shop_{n}=;") for c in gone) for n in range(20)), gone)
        self.assertFalse(any("shop_" in c and "Domain=" in c for c in gone), "a sibling's cookies stay")

    def test_what_no_request_may_carry_is_answered_with_a_page(self):
        for head, status, cause in [
            (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: a=" + b"x" * 400_000 + b"\r\n\r\n", 431, "browser.cookie_overflow"),
            (b"GET /" + b"x" * 90_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "other.undetermined"),
        ]:
            with socket.create_connection(("127.0.0.1", self.server.port)) as s:
                s.settimeout(10)
                try:
                    s.sendall(head)
                except OSError:
                    pass
                raw = b""
                while chunk := s.recv(65536):
                    raw += chunk
            text = raw.decode("utf-8", "replace")
            answer = Answer(int(text.split(" ")[1]), [], text.partition("\r\n\r\n")[2].encode())
            self.assertEqual((answer.status, answer.cause), (status, cause), text[:300])
            time.sleep(0.2)
            self.assertEqual(self.server.why(answer.reference)["cause"], cause)

    def test_fuzzed_cookies_never_fail_and_never_loop(self):
        dice = random.Random(7)
        names = ["kagiya_session", "kagiya_flow", "kagiya_device", "kagiya_lang", "kagiya_turns", "x", ""]
        for _ in range(300):
            pairs = []
            for _ in range(dice.randrange(6)):
                value = bytes(dice.choice(b"\x21\"#$%&'()*+,-./0123456789:<=>?@ABCxyz[]^_`{|}~\xe3\x81\xff\x80. ") for _ in range(dice.randrange(60)))
                pairs.append(dice.choice(names).encode() + dice.choice([b"=", b"", b"=="]) + value)
            header = b"; ".join(pairs).decode("latin-1")
            path = dice.choice(["/sign-in", "/account", "/sign-in?return_to=%2Faccount", "/check?probe=1", "/repair", "/auth/check", "/api/v1/session"])
            b = self.browser()
            hops, answer = 0, b.get(path, Cookie=header)
            while answer.status == 303 and hops < 6:
                hops, answer = hops + 1, b.get(answer.header("Location"), Cookie=header)
            self.assertLess(answer.status, 500, (path, header))
            self.assertLess(hops, 5, (path, header))


class Pages(OnOneServer):
    def test_a_button_pressed_twice_makes_one_session(self):
        b = self.browser()
        form = b.get("/sign-in").form("/sign-in")
        fields = {**form["fields"], "login": "hana", "password": PASSWORD}
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: b.post("/sign-in", fields), range(4)))
        self.assertEqual({a.status for a in answers}, {303})
        sessions = {v.split(";")[0] for a in answers for k, v in a.headers if k.lower() == "set-cookie" and v.startswith("kagiya_session=") and "Max-Age=0" not in v}
        self.assertEqual(len(sessions), 1)

    def test_a_press_whose_browser_went_away_is_the_same_press(self):
        b = self.browser()
        form = b.get("/sign-in").form("/sign-in")
        body = urllib.parse.urlencode({**form["fields"], "login": "hana", "password": PASSWORD})
        cookies = "; ".join(f"{k}={v}" for k, v in b.cookies.items())
        count = lambda: self.server.metric("kagiya_hash_checks_total")
        before = count()
        with socket.create_connection(("127.0.0.1", self.server.port)) as s:
            s.sendall(f"POST /sign-in HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            time.sleep(0.005)
        second = b.send("POST", "/sign-in", body, {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(second.status, 303)
        time.sleep(0.3)
        self.assertEqual(count() - before, 1, "one press, one password looked at")

    def test_acts_of_the_signed_in_ask_for_their_own_page(self):
        b = self.browser()
        b.sign_in("hana", PASSWORD)
        form = b.get("/account/security").form("/account/security")
        stranger = self.browser()
        foreign = stranger.get("/sign-in").form("/sign-in")["fields"]["form"]
        typed = {**form["fields"], "current_password": PASSWORD, "password": "a second pass phrase"}
        for token in ("", "x" * 62, foreign):
            answer = b.post("/account/security", {**typed, "form": token}, **{"Sec-Fetch-Site": "same-origin"})
            self.assertEqual((answer.status, answer.cause), (400, "browser.flow_expired"), token)
        self.assertEqual(self.browser().sign_in("hana", PASSWORD).status, 303, "the password is as it was")

    def test_line_keeps_somebody_who_is_in(self):
        b = self.browser(**{"User-Agent": LINE})
        page = b.follow(b.get("/sign-in?return_to=%2Faccount"))
        b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})
        answer = b.get("/sign-in?return_to=%2Faccount%2Fsessions")
        self.assertEqual((answer.status, answer.header("Location")), (303, "/account/sessions"))

    def test_the_same_form_after_signing_out_makes_a_new_session(self):
        b = self.browser()
        form = b.get("/sign-in").form("/sign-in")
        fields = {**form["fields"], "login": "hana", "password": PASSWORD}
        b.post("/sign-in", fields)
        first = b.cookies["kagiya_session"]
        self.assertEqual(b.submit("/sign-out").status, 303)
        b.post("/sign-in", fields)
        self.assertNotEqual(b.cookies["kagiya_session"], first)
        self.assertEqual(b.get("/account").status, 200)

    def test_an_old_form_of_somebody_who_is_in_goes_on(self):
        b = self.browser()
        b.sign_in("hana", PASSWORD)
        answer = b.post("/sign-in", {"form": "old", "login": "hana", "password": "x", "return_to": "/account/sessions"})
        self.assertEqual((answer.status, answer.header("Location")), (303, "/account/sessions"))

    def test_an_unreadable_form_is_renewed_with_what_was_typed(self):
        b = self.browser()
        form = b.get("/sign-in?return_to=%2Faccount").form("/sign-in")
        fields = {**form["fields"], "form": "x" * 60, "login": "hana", "password": PASSWORD}
        answer = b.post("/sign-in", fields)
        self.assertEqual((answer.status, answer.cause), (400, "browser.flow_expired"))
        self.assertIn('value="hana"', answer.text)
        self.assertIn('value="/account"', answer.text)
        again = b.post("/sign-in", {**answer.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual(again.status, 303)
        vouched = self.browser()
        vouched.get("/sign-in")
        self.assertEqual(vouched.post("/sign-in", fields, **{"Sec-Fetch-Site": "same-origin"}).status, 303)

    def test_a_page_of_before_an_update_is_taken_and_named_when_it_comes_again(self):
        data = tempfile.mkdtemp(prefix="kagiya-build-")
        self.addCleanup(shutil.rmtree, data, True)
        server = Server(data=data)
        server.account("hana")
        b = Browser(server)
        old = b.get("/sign-in").form("/sign-in")["fields"]
        server.stop()
        with Server(data=data, port=server.port, toml='[service]\naccent = "#7c2d12"\n') as server:
            first = b.post("/sign-in", {**old, "login": "hana", "password": "wrong one"})
            self.assertEqual((first.status, first.cause), (401, "credential.password"))
            self.assertIn("old_build", [e["key"] for e in server.why(first.reference)["evidence"]])
            second = b.post("/sign-in", {**old, "login": "hana", "password": "wrong two"})
            self.assertEqual((second.status, second.cause), (401, "browser.cache"))
            right = b.post("/sign-in", {**old, "login": "hana", "password": PASSWORD})
            self.assertEqual(right.status, 303)

    def test_redirects_to_and_fro_stop_within_five(self):
        b = self.browser()
        b.sign_in("hana", PASSWORD)
        hops = 0
        for _ in range(6):
            self.assertEqual(b.get("/sign-in?return_to=%2Faccount").status, 303, "our own pages are no loop")
        while (answer := b.get("/sign-in?return_to=%2Fapp")).status == 303:
            hops += 1
            self.assertLess(hops, 5)
        self.assertEqual((answer.status, answer.cause), (409, "platform.regression"))
        self.assertIn("redirect_loop", [e["key"] for e in self.server.why(answer.reference)["evidence"]])
        self.assertEqual(b.get("/account").status, 200)

    def test_a_session_cookie_that_is_not_kept_is_noticed_at_once(self):
        b = self.browser()
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        del b.cookies["kagiya_session"]
        page = b.follow(b.get("/"))
        self.assertEqual((page.status, page.cause), (200, "browser.cookie_blocked"))
        self.assertIn("bounced_after_success", page.marks("data-because"))

    def test_the_same_error_changes_the_advice_and_then_stops(self):
        b = self.browser()
        steps, titles = [], []
        for n in range(6):
            answer = b.sign_in("hana", f"wrong number {n}")
            self.assertEqual(answer.status, 401)
            steps.append(answer.marks("data-step"))
            titles.append(answer.text.split("verdict-title\">")[-1].split("<")[0])
        self.assertEqual((steps[0][0], steps[1][0]), ("retype", "recover"))
        self.assertNotIn("retype", steps[5])
        self.assertIn("contact_support", steps[5])
        self.assertNotEqual(titles[0], titles[5])
        up = b.get("/sign-up?return_to=%2Faccount")
        self.assertIn("data-way-back", up.text)

    def test_old_addresses_and_workers_lead_here(self):
        b = self.browser()
        for old, new in [("/login?return_to=%2Faccount", "/sign-in?return_to=%2Faccount"), ("/users/sign_in", "/sign-in"), ("/signup", "/sign-up"), ("/sign-in/reopen", "/sign-in")]:
            answer = b.get(old)
            self.assertEqual((answer.status, answer.header("Location")), (303, new), old)
        self.assertEqual(b.get("/sw.js").status, 404)
        worker = b.get("/sw.js", **{"Service-Worker": "script"})
        self.assertEqual(worker.status, 200)
        self.assertIn("unregister", worker.text)
        page = b.get("/sign-in").text
        style = page.split('rel="stylesheet" href="')[1].split('"')[0]
        old = b.get(style.split("-")[0] + "-0123456789ab.css")
        self.assertEqual((old.status, old.header("Cache-Control")), (200, "no-store"))
        self.assertEqual(old.body, b.get(style).body)

    def test_line_is_left_once_and_others_are_told(self):
        b = self.browser(**{"User-Agent": LINE})
        answer = b.get("/sign-in?return_to=%2Faccount")
        self.assertEqual((answer.status, answer.header("Location")), (303, "/sign-in?return_to=%2Faccount&openExternalBrowser=1"))
        page = b.follow(answer)
        self.assertEqual(page.status, 200)
        self.assertIn("data-in-app", page.text)
        self.assertIn(f"http://127.0.0.1:{self.server.port}/sign-in?return_to=%2Faccount", page.text.replace("&#x2f;", "/"))
        other = self.browser(**{"User-Agent": INSTAGRAM}).get("/sign-up")
        self.assertEqual(other.status, 200)
        self.assertIn("data-in-app", other.text)

    def test_a_code_page_in_another_browser_says_so(self):
        a, b = self.browser(), self.browser()
        answer = a.submit("/recover", email="hana@example.jp")
        page = b.get(answer.header("Location"))
        self.assertEqual(page.status, 200)
        self.assertIn("flow_elsewhere", page.marks("data-because"))
        code = self.server.code("hana@example.jp")
        form = page.form("/recover/code")
        done = b.post("/recover/code", {**form["fields"], "email": "hana@example.jp", "code": code})
        self.assertEqual(done.status, 303)
        up = a.submit("/sign-up", login_id="elsewhere", email="elsewhere@example.jp", password=PASSWORD)
        other = b.get(up.header("Location"))
        self.assertEqual((other.status, other.cause), (410, "browser.context_switch"))

    def test_a_broken_off_request_is_a_matter_of_the_line(self):
        b = self.browser()
        form = b.get("/sign-in").form("/sign-in")
        body = urllib.parse.urlencode({**form["fields"], "login": "hana", "password": PASSWORD})
        with socket.create_connection(("127.0.0.1", self.server.port)) as s:
            cookies = "; ".join(f"{k}={v}" for k, v in b.cookies.items())
            s.sendall(f"POST /sign-in HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body) + 50}\r\n\r\n{body}".encode())
            s.shutdown(socket.SHUT_WR)
            s.settimeout(10)
            raw = b""
            try:
                while chunk := s.recv(65536):
                    raw += chunk
            except OSError:
                pass
        if raw:
            self.assertIn("browser.network", raw.decode("utf-8", "replace"))

    def test_an_api_caller_hears_that_the_session_is_stale(self):
        b = self.browser()
        answer = b.api("GET", "/api/v1/session", Cookie="kagiya_session=" + "A" * 43)
        self.assertEqual((answer.status, answer.json["cause"]), (401, "browser.session_stale"))
        self.assertEqual(b.api("GET", "/api/v1/session").status, 401)


class Check(OnOneServer):
    def facts(self, **more):
        page = self.browser().get("/sign-in").text
        script = page.split('<script src="/assets/')[1].split('"')[0]
        facts = {"js": script, "st": "1", "t": str(int(time.time() * 1000)), **more}
        return urllib.parse.urlencode({k: v for k, v in facts.items() if v is not None})

    def check(self, browser, **fields):
        answer = browser.get("/check")
        while answer.status == 303:
            answer = browser.follow(answer)
        form = next(f for f in answer.page.forms if f["action"] == "/check")
        form["fields"].pop("noscript", None)
        done = browser.post("/check", {**form["fields"], **fields})
        return browser.follow(done) if done.status == 303 else done

    def lines(self, answer):
        return dict(zip(answer.marks("data-check"), answer.marks("data-result")))

    def test_a_browser_in_order(self):
        b = self.browser(Origin=f"http://127.0.0.1:{self.server.port}")
        page = self.check(b, facts=self.facts())
        self.assertEqual(page.status, 200)
        self.assertEqual(page.cause, "other.undetermined")
        self.assertEqual(set(self.lines(page).values()), {"ok"}, self.lines(page))
        self.assertTrue(page.reference)
        self.assertEqual(self.server.why(page.reference)["kind"], "check")

    def test_each_fault_is_found(self):
        hour = str(int(time.time() * 1000) + 3_600_000)
        origin = f"http://127.0.0.1:{self.server.port}"
        for fields, agent, cause, line in [
            ({"facts": self.facts(t=hour)}, None, "browser.clock", "clock"),
            ({"facts": self.facts(sw="1")}, None, "browser.cache", "service_worker"),
            ({"facts": self.facts(js="app-000000000000.js")}, None, "browser.cache", "version"),
            ({"facts": ""}, None, "browser.interference", "script"),
            ({"facts": self.facts(), "echo": "鍵"}, None, "browser.interference", "unchanged"),
            ({"facts": self.facts()}, INSTAGRAM, "browser.in_app", "in_app"),
            ({"facts": self.facts()}, OLD, "browser.unsupported", "browser"),
        ]:
            headers = {"Origin": origin}
            if agent:
                headers["User-Agent"] = agent
            page = self.check(self.browser(**headers), **fields)
            self.assertEqual(page.cause, cause, fields)
            self.assertEqual(self.lines(page)[line], "problem", fields)

    def test_without_cookies_it_still_answers(self):
        b = self.browser()
        b.keep = False
        page = b.follow(b.get("/check"))
        self.assertEqual((page.status, page.cause), (200, "browser.cookie_blocked"))
        self.assertEqual(self.lines(page)["cookies"], "problem")

    def test_duplicates_and_what_the_person_says(self):
        b = self.browser()
        b.get("/sign-in")
        page = b.get("/check?probe=1", Cookie=f"kagiya_flow={b.cookies['kagiya_flow']}; kagiya_session={'A' * 43}; kagiya_session={'B' * 43}")
        self.assertEqual(page.cause, "browser.session_stale")
        self.assertIn("duplicate_cookie", page.marks("data-because"))
        b = self.browser(Origin=f"http://127.0.0.1:{self.server.port}")
        page = self.check(b, facts=self.facts(), symptom="blank")
        self.assertEqual(page.cause, "browser.cache")
        self.assertIn("says_blank", page.marks("data-because"))

    def test_another_device_joins_the_case(self):
        origin = f"http://127.0.0.1:{self.server.port}"
        a, b = self.browser(Origin=origin), self.browser(Origin=origin)
        page = self.check(a, facts=self.facts(sw="1"))
        self.assertEqual(page.cause, "browser.cache")
        self.assertIn(f"/check/{page.reference}", page.text)
        self.assertIn("data:image/svg+xml;base64,", page.text)
        there = b.get(f"/check/{page.reference}")
        while there.status == 303:
            there = b.follow(there)
        self.assertIn(page.reference, there.text)
        self.assertNotEqual(there.reference, page.reference)
        self.assertNotIn("works_elsewhere", [e["key"] for e in self.server.why(page.reference)["evidence"]])
        form = next(f for f in there.page.forms if f["action"] == "/check" and "joined" in f["fields"])
        b.post("/check", {**form["fields"], "result": "fails"})
        self.assertIn("fails_elsewhere", [e["key"] for e in self.server.why(page.reference)["evidence"]])
        b.post("/check", {**form["fields"], "result": "works"})
        keys = [e["key"] for e in self.server.why(page.reference)["evidence"]]
        self.assertIn("works_elsewhere", keys)
        self.assertNotIn("fails_elsewhere", keys)
        self.assertIn(there.reference, [a["reference"] for a in self.server.why(page.reference)["timeline"]])
        again = a.get(f"/check?case={page.reference}")
        self.assertIn("works_elsewhere", again.marks("data-because"))
        unknown = b.get("/check/AAAA-AAAA")
        self.assertEqual(unknown.status, 200)


class Repair(OnOneServer):
    def test_one_press_tidies_this_site_and_keeps_device_and_destination(self):
        b = self.browser()
        b.sign_in("hana", PASSWORD)
        device = b.cookies["kagiya_device"]
        old = b.cookies["kagiya_session"]
        page = b.get("/repair?return_to=%2Faccount%2Fsecurity")
        for _ in range(2):
            answer = b.post("/repair", page.form("/repair")["fields"])
            self.assertEqual(answer.status, 303)
            self.assertEqual(answer.header("Clear-Site-Data"), '"cache", "storage"')
            self.assertEqual(answer.header("Location"), "/sign-in?done=repaired&return_to=%2Faccount%2Fsecurity")
            gone = self.expired(answer)
            self.assertTrue(any("kagiya_session=;" in c and "Path=/account" in c for c in gone))
            self.assertLess(sum(len(k) + len(v) + 4 for k, v in answer.headers), 4000)
        self.assertNotIn("kagiya_session", b.cookies)
        self.assertEqual(b.cookies["kagiya_device"], device)
        self.assertEqual(b.get("/auth/check", Cookie=f"kagiya_session={old}").status, 401)
        after = b.follow(answer)
        self.assertIn("notice", after.text)
        done = b.post("/sign-in", {**after.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual((done.status, done.header("Location")), (303, "/account/security"))

    def test_it_works_without_cookies_and_says_so(self):
        b = self.browser()
        b.keep = False
        answer = b.post("/repair", b.get("/repair").form("/repair")["fields"])
        self.assertEqual(answer.status, 303)
        page = b.get(answer.header("Location"))
        self.assertIn("Cookie", page.text.split('class="notice"')[1].split("</p>")[0])

    def test_no_other_site_can_press_it(self):
        b = self.browser()
        b.sign_in("hana", PASSWORD)
        for fields, headers in (({}, {"Sec-Fetch-Site": "cross-site"}), ({}, {"Origin": "null"}), ({}, {})):
            answer = b.post("/repair", fields, **headers)
            self.assertIn(answer.status, (400, 403))
        self.assertEqual(b.get("/account").status, 200)


class OperatorMistakes(unittest.TestCase):
    """A public URL with https, and what stands before it is wrong."""

    def start(self, *flags):
        server = Server("--public-url", "https://login.example.jp", *flags)
        self.addCleanup(server.__exit__)
        server.account("hana")
        return server

    def post_without_secure_cookies(self, server, **headers):
        b = Browser(server, **headers)
        page = b.get("/sign-in")
        # A browser keeps no Secure cookie of a page that came by http.
        b.cookies.clear()
        return b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})

    def finding(self, server, name):
        until = time.time() + 5
        while time.time() < until:
            checks = json.loads(server.run("doctor", "--json", check=False).stdout)["checks"]
            if any(name in c["detail"] for c in checks if not c["ok"]):
                return True
            time.sleep(0.2)
        return False

    def test_plain_http(self):
        server = self.start()
        answer = self.post_without_secure_cookies(server)
        self.assertEqual(answer.cause, "platform.regression")
        self.assertNotIn("allow_cookies", answer.marks("data-step")[:1])
        report = server.why(answer.reference)
        self.assertIn("setup_plain_http", [e["key"] for e in report["evidence"]])
        self.assertNotIn("setup_plain_http", answer.text)
        self.assertTrue(self.finding(server, "plain_http"))
        spoken = self.post_without_secure_cookies(server, Origin=f"http://127.0.0.1:{server.port}")
        self.assertEqual(spoken.cause, "platform.regression")

    def test_an_untrusted_proxy(self):
        server = self.start()
        answer = self.post_without_secure_cookies(server, **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
        self.assertEqual(answer.cause, "platform.regression")
        self.assertTrue(self.finding(server, "proxy_untrusted"))

    def test_a_proxy_that_forwards_the_wrong_scheme(self):
        server = self.start("--trusted-proxy", "127.0.0.1")
        answer = self.post_without_secure_cookies(server, **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http", "Origin": "https://login.example.jp"})
        self.assertEqual(answer.cause, "platform.regression")
        self.assertTrue(self.finding(server, "wrong_scheme"))

    def test_a_wrong_host(self):
        server = self.start("--trusted-proxy", "127.0.0.1")
        b = Browser(server, **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.example.jp"})
        page = b.get("/sign-in")
        answer = b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD}, Origin="https://www.example.jp")
        self.assertEqual((answer.status, answer.cause), (403, "platform.regression"))
        self.assertTrue(self.finding(server, "wrong_host"))

    def test_a_proxy_in_order_is_no_mistake(self):
        server = self.start("--trusted-proxy", "127.0.0.1")
        proxied = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Sec-Fetch-Dest": "document"}
        name = "login.example.jp"
        for host in (name, f"{name}:443", "LOGIN.example.jp", f"{name}.", f"{name}.:443"):
            for more in ({"Host": host}, {"Host": "10.0.0.7:8080", "X-Forwarded-Host": host}, {"Host": host, "X-Forwarded-Host": f"{host}, inner.local"}):
                b = Browser(server, **proxied, **more)
                self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        checks = json.loads(server.run("doctor", "--json", check=False).stdout)["checks"]
        self.assertEqual([c for c in checks if not c["ok"]], [])

    def test_blocked_cookies_behind_a_proxy_in_order_are_the_browsers(self):
        server = self.start("--trusted-proxy", "127.0.0.1")
        answer = self.post_without_secure_cookies(server, **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"})
        self.assertEqual(answer.cause, "browser.cookie_blocked")

    def test_two_servers_with_different_keys(self):
        data = tempfile.mkdtemp(prefix="kagiya-keys-")
        self.addCleanup(shutil.rmtree, data, True)
        database = f"sqlite:{data}/shared.db"
        a = Server(database=database)
        self.addCleanup(a.__exit__)
        b = Server(database=database)
        self.addCleanup(b.__exit__)
        time.sleep(34)
        self.assertTrue(self.finding(a, "keys_differ"))
        person = Browser(a)
        form = person.get("/sign-in").form("/sign-in")
        person.server = b
        answer = person.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual((answer.status, answer.cause), (403, "platform.regression"))

    def test_most_clocks_against_ours(self):
        server = self.start("--trusted-proxy", "127.0.0.1")
        for n in range(1, 11):
            b = Browser(server, **{"X-Forwarded-For": f"198.51.{n}.9", "X-Forwarded-Proto": "https"})
            form = b.get("/sign-in").form("/sign-in")
            facts = urllib.parse.urlencode({"t": str(int(time.time() * 1000) + 600_000)})
            form["fields"].pop("noscript", None)
            answer = b.post("/sign-in", {**form["fields"], "facts": facts, "login": "nobody", "password": "wrong one"})
            keys = [e["key"] for e in server.why(answer.reference)["evidence"]]
            self.assertIn("clock_skew" if n < 8 else "setup_clock_off", keys, n)
        self.assertTrue(self.finding(server, "clock_off"))


@unittest.skipUnless(shutil.which("nginx"), "nginx is installed by ./test")
class BehindNginx(unittest.TestCase):
    """A real reverse proxy, rightly and wrongly configured."""

    def nginx(self, server, headers):
        port = free_port()
        lines = "".join(f"proxy_set_header {name} {value};" for name, value in headers.items())
        place = f"location / {{ proxy_pass http://127.0.0.1:{server.port}; {lines} }}"
        return self.run_nginx(port, f"large_client_header_buffers 8 64k; server {{ listen 127.0.0.1:{port}; {place} }}")

    def run_nginx(self, port, servers):
        folder = tempfile.mkdtemp(prefix="kagiya-nginx-")
        self.addCleanup(shutil.rmtree, folder, True)
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(
                f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ access_log off;"
                + "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
                + servers
                + "}"
            )
        process = subprocess.Popen(["nginx", "-c", f"{folder}/nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        return type("Proxy", (), {"port": port})

    def start(self, *flags):
        server = Server("--public-url", "https://login.example.jp", *flags)
        self.addCleanup(server.__exit__)
        server.account("hana")
        return server

    def test_right(self):
        server = self.start("--trusted-proxy", "127.0.0.1")
        proxy = self.nginx(server, {"Host": "login.example.jp", "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "https"})
        b = Browser(proxy)
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        self.assertEqual(b.get("/account").status, 200)
        jar = "; ".join([f"{k}={v}" for k, v in b.cookies.items()] + [f"a{n}={'x' * 4000}" for n in range(9)])
        self.assertEqual(b.get("/sign-in", Cookie=jar).status, 200)
        repaired = b.post("/repair", b.get("/repair").form("/repair")["fields"])
        self.assertEqual(repaired.status, 303, "the answer's headers fit into a proxy's buffer")

    def test_what_the_readme_gives_to_copy_guards_an_app(self):
        """Word for word, but for ports, the name and TLS."""
        server = self.start("--trusted-proxy", "127.0.0.1")
        heard = []

        class App(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                heard.append((self.path, self.headers["X-Kagiya-Login-Id"], self.headers["X-Kagiya-Account"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        app = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
        self.addCleanup(app.server_close)
        self.addCleanup(app.shutdown)
        threading.Thread(target=app.serve_forever).start()
        readme = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
        port = free_port()
        block = readme.split("```nginx\n")[1].split("```")[0]
        block = block.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace("$scheme", "https")
        block = block.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}").replace("127.0.0.1:3000", f"127.0.0.1:{app.server_port}")
        b = Browser(self.run_nginx(port, block.replace("$host", "login.example.jp")))
        forged = {"X-Kagiya-Login-Id": "admin", "X-Kagiya-Account": "1"}
        sent = b.send("GET", "/app/orders?page=2", headers=forged)
        self.assertEqual((sent.status, heard), (302, []))
        self.assertTrue(sent.header("Location").startswith("https://login.example.jp/sign-in?"), sent.header("Location"))
        # Where somebody wanted to go is where they come out.
        form = b.get("/sign-in?" + urllib.parse.urlsplit(sent.header("Location")).query).form("/sign-in")
        entered = b.post("/sign-in", {**form["fields"], "login": "hana", "password": PASSWORD})
        self.assertEqual(entered.header("Location"), "/app/orders?page=2")
        self.assertEqual(b.send("GET", "/app/orders?page=2", headers=forged).status, 200)
        [(path, member, account)] = heard
        self.assertEqual((path, member), ("/app/orders?page=2", "hana"))
        self.assertNotIn(account, (None, "", "1"))
        b.post("/sign-out", b.get("/").form("/sign-out")["fields"])
        self.assertEqual((b.get("/app/orders").status, len(heard)), (302, 1))

    def test_wrong(self):
        for flags, headers, fault in [
            (("--trusted-proxy", "127.0.0.1"), {"Host": "$host", "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "$scheme"}, "setup_plain_http"),
            ((), {"Host": "$host", "X-Forwarded-For": "$remote_addr", "X-Forwarded-Proto": "https"}, "setup_proxy_untrusted"),
            ((), {"Host": "$host"}, "setup_plain_http"),
        ]:
            server = self.start(*flags)
            b = Browser(self.nginx(server, headers))
            page = b.get("/sign-in")
            b.cookies.clear()
            answer = b.post("/sign-in", {**page.form("/sign-in")["fields"], "login": "hana", "password": PASSWORD})
            self.assertEqual(answer.cause, "platform.regression", headers)
            self.assertIn(fault, [e["key"] for e in server.why(answer.reference)["evidence"]])


if __name__ == "__main__":
    unittest.main()
