"""External accounts against the practice town: every named provider with its quirks, and what comes apart."""

import http.server
import json
import os
import threading
import time
import unittest
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from client import Browser, Server, Town, Traveller, free_port, text_of
from support import on_both, new_postgres

SHOPS = ("google", "apple", "x", "yahoo_japan", "line", "town", "club")
PASSWORD = "practice makes keys"
INSTAGRAM = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 350.0"


def query(location):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


class InTown(unittest.TestCase):
    database = None

    def setUp(self):
        url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=url)
        self.addCleanup(self.server.__exit__)

    def browser(self, **headers):
        return Traveller(self.server, **headers)

    def is_in(self, b):
        answer = b.get("/")
        return answer.status == 200 and "data-in" in answer.text

    def refused(self, answer, cause, why=None):
        self.assertGreaterEqual(answer.status, 400, answer.text[:500])
        self.assertEqual(answer.cause, cause)
        self.assertEqual(self.server.why_cause(answer.reference), why or cause)


class Ways(InTown):
    def test_every_provider_signs_a_member_in(self):
        for shop in SHOPS:
            with self.subTest(shop):
                b = self.browser()
                answer = b.go(shop, return_to="/account/sessions")
                self.assertEqual((answer.status, answer.header("Location")), (303, "/account/sessions"), answer.cause)
                self.assertTrue(self.is_in(b))
                # Remembered for the mark on the sign-in page.
                self.assertEqual(b.cookies["kagiya_method"], shop)
                page = self.browser().get("/sign-in", Cookie=f"kagiya_method={shop}")
                self.assertEqual(page.marks("data-provider")[0], shop)
                self.assertIn("data-last", dict(page.page.marks))

    def test_requests_have_what_each_provider_wants(self):
        for shop in SHOPS:
            with self.subTest(shop):
                asked = query(self.browser().start(shop).header("Location"))
                self.assertEqual(asked["redirect_uri"], f"http://127.0.0.1:{self.server.port}/sign-in/{shop}/callback")
                self.assertGreaterEqual(len(asked["state"]), 40)
                self.assertEqual("code_challenge" in asked, shop != "apple")
                self.assertEqual(asked.get("code_challenge_method"), None if shop == "apple" else "S256")
                self.assertEqual("nonce" in asked, shop not in ("x", "club"))
                self.assertEqual(asked.get("bail"), "1" if shop == "yahoo_japan" else None)
                self.assertEqual(asked.get("response_mode"), "form_post" if shop == "apple" else None)
                # The town's providers have their refresh tokens kept; these two show what is agreed to first.
                self.assertEqual(asked.get("prompt"), "consent" if shop in ("google", "town") else None)

    def test_a_retry_asks_for_the_choice_of_accounts(self):
        b = self.browser()
        b.go("google", deny=True)
        journal = b.start("google")
        self.assertNotIn("select_account", query(journal.header("Location"))["prompt"], "a press of a moment ago is no retry")
        time.sleep(5.2)
        asked = b.post("/sign-in/google", {**b.get("/sign-in").form("/sign-in/google")["fields"], "asked": "1"})
        self.assertEqual(query(asked.header("Location"))["prompt"], "select_account consent")


class Unknown(InTown):
    def test_an_unknown_identity_gets_the_choice_and_makes_one_account(self):
        b = self.browser()
        answer = b.go("google", "newcomer", return_to="/account/links")
        self.assertTrue(answer.header("Location").startswith("/sign-in/google/choose"))
        page = b.follow(answer)
        self.assertEqual(page.status, 200)
        self.assertIn("n•••@e•••.jp", page.text)
        self.assertNotIn("newcomer@example.jp", page.text)
        self.assertEqual((page.cause, page.mark("data-audience")), ("external.wrong_provider", "provider"))
        form = next(f for f in page.page.forms if "flow" in f["fields"] and "login_id" in f["fields"])
        taken = b.post(form["action"], {**form["fields"], "login_id": "hana"})
        self.assertEqual(taken.status, 409)
        made = b.post(form["action"], {**form["fields"], "login_id": "newbie"})
        self.assertEqual((made.status, made.header("Location")), (303, "/account/links"), made.text[:500])
        self.assertTrue(self.is_in(b))
        again = b.post(form["action"], {**form["fields"], "login_id": "newbie2"})
        self.assertEqual(again.status, 410, "an identity is spent once")
        fresh = self.browser()
        self.assertEqual(fresh.go("google", "newcomer").header("Location"), "/")
        # Welcome names the way.
        self.assertIn("Google", text_of(self.server.wait_mails("newcomer@example.jp", 1)[0]))

    def test_without_a_vouched_address_a_code_proves_one(self):
        for shop, person in (("x", "newcomer"), ("line", "newcomer"), ("google", "somebody+unverified"), ("town", "silent"), ("club", "another")):
            with self.subTest(shop):
                b = self.browser()
                page = b.follow(b.go(shop, person))
                form = next(f for f in page.page.forms if "email" in f["fields"])
                empty = b.post(form["action"], {**form["fields"], "login_id": f"mem{shop[:4]}", "email": ""})
                self.assertEqual(empty.status, 422)
                address = f"{shop}.new@example.jp"
                answer = b.post(form["action"], {**form["fields"], "login_id": f"mem{shop[:4]}", "email": address})
                self.assertTrue(answer.header("Location").startswith("/sign-up/verify"), answer.text[:400])
                code = b.follow(answer).form("/sign-up/verify")
                done = b.post(code["action"], {**code["fields"], "code": self.server.code(address)})
                self.assertEqual(done.status, 303)
                self.assertTrue(self.is_in(b))
                self.assertEqual(self.browser().go(shop, person).header("Location"), "/")

    def test_an_account_is_proven_by_password_and_then_linked(self):
        self.server.account("keiko")
        b = self.browser()
        page = b.follow(b.go("line", "keiko", return_to="/account/sessions"))
        form = next(f for f in page.page.forms if "password" in f["fields"])
        wrong = b.post(form["action"], {**form["fields"], "login": "keiko", "password": "wrong horse battery"})
        self.assertEqual(wrong.status, 401)
        self.assertEqual(wrong.cause, "credential.password")
        form = next(f for f in wrong.page.forms if "password" in f["fields"])
        right = b.post(form["action"], {**form["fields"], "login": "keiko", "password": "correct horse battery"})
        self.assertEqual((right.status, right.header("Location")), (303, "/account/sessions"))
        self.assertEqual(self.browser().go("line", "keiko").header("Location"), "/")
        self.assertTrue(any("LINE" in m["Subject"] or "外部アカウント" in m["Subject"] for m in self.server.wait_mails("keiko@example.jp", 1)))

    def test_a_matching_address_is_a_question_in_the_mailbox_and_never_a_merge(self):
        self.server.account("keiko")
        b = self.browser()
        page = b.follow(b.go("google", "keiko"))
        self.assertEqual(page.cause, "external.wrong_provider")
        # The same page as for an address that nobody has.
        other = self.browser()
        stranger = other.follow(other.go("google", "kimiko"))
        self.assertEqual(page.marks("data-because"), stranger.marks("data-because"))
        self.assertEqual(page.marks("data-step"), stranger.marks("data-step"))
        form = next(f for f in page.page.forms if "login_id" in f["fields"])
        answer = b.post(form["action"], {**form["fields"], "login_id": "keiko-two"})
        self.assertIn("/sign-in/google/prove", answer.header("Location"))
        code_page = b.follow(answer)
        self.assertEqual(self.server.why_cause(code_page.reference), "external.email_conflict")
        self.assertFalse(self.is_in(b))
        mail = self.server.wait_mails("keiko@example.jp", 1)[-1]
        self.assertIn("Google", text_of(mail))
        code = code_page.form("/sign-in/google/prove")
        wrong = b.post(code["action"], {**code["fields"], "code": "000000"})
        self.assertEqual(wrong.status, 401)
        done = b.post(code["action"], {**code["fields"], "code": self.server.code("keiko@example.jp")})
        self.assertEqual(done.status, 303)
        self.assertIn("keiko", b.get("/").text)
        self.assertEqual(self.server.run("account", "list", "--json").stdout.count("login_id"), 3)

    def test_a_code_that_links_is_good_for_its_own_identity_only(self):
        self.server.account("keiko")
        attacker, owner = self.browser(), self.browser()
        flows = {}
        for b, person in ((attacker, "mallory"), (owner, "keiko-here")):
            page = b.follow(b.go("google", person))
            form = next(f for f in page.page.forms if "login" in f["fields"])
            answer = b.post(form["action"], {**form["fields"], "login": "keiko", "mail": "1"})
            flows[b] = b.follow(answer).form("/sign-in/google/prove")
            self.server.wait_mails("keiko@example.jp", len(flows))
        mail = self.server.mails("keiko@example.jp")[-1]
        self.assertIn("k•••@e•••.jp", text_of(mail), "the mail names the identity")
        code = self.server.code("keiko@example.jp")
        stolen = attacker.post(flows[attacker]["action"], {**flows[attacker]["fields"], "code": code})
        self.assertEqual(stolen.status, 401)
        self.assertFalse(self.is_in(attacker))
        self.assertEqual(owner.post(flows[owner]["action"], {**flows[owner]["fields"], "code": code}).status, 303)
        self.assertTrue(self.is_in(owner))

    def test_the_choice_belongs_to_the_browser_that_came_back(self):
        b, thief = self.browser(), self.browser()
        place = b.go("google", "newcomer").header("Location")
        thief.get("/sign-in")
        self.assertEqual(thief.get(place).status, 410)
        form = next(f for f in b.get(place).page.forms if "login_id" in f["fields"])
        self.assertEqual(thief.post(form["action"], {**form["fields"], "login_id": "thief"}).status, 410)


class Apart(InTown):
    """Causes that come back to us."""

    def test_what_a_provider_answers_has_its_cause(self):
        told = {
            "deny": "external.cancelled", "says_trouble": "external.outage", "says_our_fault": "external.config",
            "says_login": "external.reauth", "says_consent": "external.link_gone", "says_policy": "external.policy",
            "says_suspended": "external.frozen", "says_unknown": ("other.undetermined", "external.outage"), "no_code": "external.handshake",
            "token_down": "external.outage", "expired_code": "external.handshake", "secret_expired": "external.config",
            "babble": "external.outage", "says_admin_consent": "external.policy", "bad_code": "external.handshake",
            "keys_gone": "external.outage", "issuer_slash": "external.config",
        }
        shops = {"says_policy": "google", "says_suspended": "club", "keys_gone": "google", "issuer_slash": "town"}
        for n, (fault, cause) in enumerate(told.items()):
            shop = shops.get(fault, ("yahoo_japan", "town", "x", "line", "apple")[n % 5])
            with self.subTest(fault=fault, shop=shop):
                self.server.break_(shop, fault)
                b = self.browser()
                answer = b.go(shop, return_to="/account/links")
                # One that nobody knows is theirs where people came back before, and nobody's otherwise.
                self.refused(answer, answer.cause if answer.cause in cause else cause)
                self.assertRegex(answer.text, "return_to=(%2F|/)account(%2F|/)links")
                self.assertFalse(self.is_in(b))
                if fault in ("keys_gone", "issuer_slash"):
                    self.assertNotIn("restart_flow", answer.marks("data-step"))
                self.server.break_(shop)

    def test_a_provider_that_wants_a_new_sign_in_gets_one_on_the_next_try(self):
        self.server.break_("town", "says_login")
        b = self.browser()
        form = b.go("town").form("/sign-in/town")
        self.assertEqual(query(b.post(form["action"], form["fields"]).header("Location"))["prompt"].split(" ")[0], "login")

    def test_bad_tokens_are_refused(self):
        theirs, ours, this_one = "external.outage", "external.config", "external.handshake"
        bad = {
            "bad_signature": theirs, "unknown_key": theirs, "twice": theirs, "huge": theirs, "no_token": theirs,
            "alg_none": ours, "key_confusion": ours, "wrong_issuer": ours, "wrong_audience": ours, "wrong_party": ours,
            "wrong_nonce": this_one, "expired": this_one,
            # Starting again brings another token whose time has not come.
            "not_yet": theirs, "future": theirs,
        }
        for fault, cause in bad.items():
            with self.subTest(fault):
                self.server.break_("google", fault)
                answer = self.browser().go("google")
                self.refused(answer, cause)
                # What starting again does not change is not advised.
                self.assertEqual("restart_flow" in answer.marks("data-step"), cause == this_one)
                fact = next(f for f in self.server.why(answer.reference)["evidence"] if f["fact"] == "ticket_refused")
                self.assertTrue(fact["code"].startswith("id_token:"), fact)
        self.server.break_("google")
        self.assertEqual(self.browser().go("google").header("Location"), "/")

    def test_rotated_keys_are_fetched_once_more_and_an_outage_of_keys_stops_nobody(self):
        self.assertEqual(self.browser().go("google").status, 303)
        self.server.break_("google", "keys_down")
        self.assertEqual(self.browser().go("google").header("Location"), "/")
        self.server.break_("google")
        self.server.town("/", {"shop": "google", "rotate": "1"})
        time.sleep(1.1)
        self.assertEqual(self.browser().go("google").header("Location"), "/")

    def test_failures_open_the_breaker_and_successes_close_it(self):
        self.server.break_("google", "token_down")
        for _ in range(3):
            self.browser().go("google")
        page = self.browser().get("/sign-in")
        states = dict(zip(page.marks("data-provider"), page.marks("data-state")))
        self.assertEqual(states["google"], "down")
        self.assertEqual({v for k, v in states.items() if k != "google"}, {"ok"})
        # One may try, the next hears it before the redirect.
        answers = [self.browser().start("google") for _ in range(3)]
        self.assertIn(503, [a.status for a in answers])
        refused = next(a for a in answers if a.status == 503)
        self.refused(refused, "external.outage")
        self.assertIn("other_method", refused.marks("data-step"))
        self.assertLessEqual({"unlink", "relink", "password_reset"}, set(refused.marks("data-avoid")))
        self.server.break_("google")
        until = time.time() + 60
        while time.time() < until:
            page = self.browser().get("/sign-in")
            if dict(zip(page.marks("data-provider"), page.marks("data-state")))["google"] == "ok":
                break
            time.sleep(0.5)
        else:
            self.fail("the door stays shut")
        self.assertEqual(self.browser().go("google").header("Location"), "/")

    def test_our_own_fault_is_told_as_ours_and_staff_is_alarmed(self):
        self.server.account("boss")
        self.server.run("account", "grant", "boss")
        self.server.break_("line", "secret_expired")
        for _ in range(3):
            self.refused(self.browser().go("line"), "external.config")
        self.assertIn("LINE", self.server.wait_mails("boss@example.jp", 1)[-1]["Subject"])
        doctor = self.server.run("doctor", "--json", check=False).stdout
        self.assertIn("provider_refuses", doctor)
        # No lock comes of it.
        self.assertEqual(self.browser().sign_in("hana", PASSWORD).status, 303)

    def test_another_account_of_the_provider_is_recognised(self):
        b = self.browser()
        self.assertEqual(b.go("google").status, 303)
        b.submit("/", "/sign-out")
        page = b.follow(b.go("google", "newcomer"))
        self.assertEqual(page.cause, "external.wrong_account")
        self.assertIn("choose_account", page.marks("data-step"))
        self.assertIn("n•••@e•••.jp", page.text)

    def test_what_never_comes_back_is_asked_for(self):
        for shop, saw, cause in (
            ("google", "frozen", "external.frozen"), ("google", "admin_blocked", "external.policy"),
            ("x", "something_wrong", "external.no_return"), ("yahoo_japan", "top_page", "external.cancelled"),
            ("line", "password_there", "external.reauth"), ("town", "no_such_account", "external.deleted"),
            ("apple", "their_trouble", "external.outage"),
        ):
            with self.subTest(shop=shop, saw=saw):
                b = self.browser()
                self.assertEqual(b.start(shop, return_to="/account/links").status, 303)
                time.sleep(5.2)
                asked = b.start(shop, return_to="/account/links")
                self.refused(asked, "external.no_return")
                self.assertEqual(asked.mark("data-question"), shop)
                form = asked.form(f"/sign-in/{shop}/seen")
                self.assertEqual(b.post(form["action"], form["fields"]).status, 422, "nothing was chosen")
                told = b.post(form["action"], {**form["fields"], "saw": saw})
                self.assertEqual((told.status, told.cause), (200, cause))
                self.assertRegex(told.text, "return_to=(%2F|/)account(%2F|/)links")
                self.assertEqual(b.start(shop).status, 303, "asked once")

    def test_google_in_an_app_is_warned_of_and_explained(self):
        b = self.browser(**{"User-Agent": INSTAGRAM})
        page = b.get("/sign-in")
        self.assertEqual(len(page.marks("data-in-app-provider")), 1)
        self.assertEqual(b.start("google").status, 303)
        time.sleep(5.2)
        self.refused(b.start("google"), "browser.in_app")


class Links(InTown):
    def in_(self, login="hana", password=PASSWORD):
        b = self.browser()
        self.assertEqual(b.sign_in(login, password).status, 303)
        return b

    def link_ids(self, b):
        page = b.get("/account/links")
        return dict(zip(page.marks("data-link-provider"), page.marks("data-link")))

    def test_links_follow_an_app_to_another_apple_team(self):
        b = self.in_()
        name = b.get("/auth/check").header("X-Kagiya-Login-Id")
        # The operator's own command, with providers from a settings file.
        settings, secret = (os.path.join(self.server.data, name) for name in ("move.toml", "move.secret"))
        with open(secret, "w") as file:
            file.write("practice-secret-that-protects-nothing")
        with open(settings, "w") as file:
            for shop in ("google", "apple"):
                url = f"http://127.0.0.1:{self.server.town_port}/{shop}"
                file.write(f'[[providers]]\nid = "{shop}"\nclient_id = "kagiya-practice"\nclient_secret_file = "move.secret"\n')
                file.write("".join(f'{key}_url = "{url}/{path}"\n' for key, path in (("authorize", "authorize"), ("token", "token"), ("jwks", "jwks"))))
        move = lambda shop, team="9ABCDE1234": self.server.run("--config", settings, "link", "transfer", shop, "--team", team, check=False)
        for wrong in (move("google"), move("nobody"), move("apple", "short")):
            self.assertEqual(wrong.returncode, 2, wrong.stderr)
        self.server.break_("apple", "secret_expired")
        self.assertEqual((move("apple").returncode, move("apple").stdout), (1, ""))
        self.server.break_("apple", "profile_dead")
        failed = move("apple")
        self.assertEqual(failed.returncode, 1)
        self.assertRegex(failed.stdout, "^0 transfer identifiers kept, [1-9]")
        self.server.break_("apple")
        kept = move("apple")
        self.assertEqual(kept.returncode, 0, kept.stderr)
        self.assertRegex(kept.stdout, "^[1-9][0-9]* transfer identifiers kept, 0 failed")
        self.assertRegex(move("apple").stdout, "^0 transfer identifiers kept, 0 failed")
        # A team that was mistyped is mended by naming the right one.
        self.assertRegex(move("apple", "8ABCDE1234").stdout, "^[1-9][0-9]* transfer identifiers kept, 0 failed")
        self.server.break_("apple", "moved")
        for _ in range(2):
            back = self.browser()
            self.assertEqual(back.go("apple").header("Location"), "/")
            self.assertEqual(back.get("/auth/check").header("X-Kagiya-Login-Id"), name)
        # Whom nobody asked about is met with the choice, as an unknown identity is.
        self.assertIn("/sign-in/apple/choose", self.browser().go("apple", "newcomer").header("Location"))

    def test_linking_testing_relinking_and_removing(self):
        self.server.account("keiko")
        b = self.in_("keiko", "correct horse battery")
        form = b.get("/account/links").form("/account/links/google")
        begun = b.post(form["action"], form["fields"])
        done = b.back(*self.server.decide(begun.header("Location"), person="keiko"))
        self.assertEqual(done.header("Location"), "/account/links?done=linked")
        page = b.get("/account/links")
        self.assertIn("k•••@e•••.jp", page.text)
        self.assertEqual(page.mark("data-link-state"), "ok")
        link = self.link_ids(b)["google"]
        # Relinked with another identity: the old one is no way in any more.
        form = page.form(f"/account/links/{link}/relink")
        begun = b.post(form["action"], form["fields"])
        done = b.back(*self.server.decide(begun.header("Location"), person="keiko2"))
        self.assertEqual(done.header("Location"), "/account/links?done=relinked")
        told = [m for m in self.server.wait_mails("keiko@example.jp", 2) if "つなぎ直しました" in m["Subject"]]
        # Whose it is now, and whose the one was that went.
        self.assertEqual(len(told), 1)
        self.assertIn("これまで: k•••@e•••.jp", told[0].get_body(("plain",)).get_content())
        page = self.browser()
        chosen = page.follow(page.go("google", "keiko"))
        self.assertEqual(chosen.cause, "external.link_gone")
        self.assertEqual(self.browser().go("google", "keiko2").header("Location"), "/")
        new = self.link_ids(b)["google"]
        self.assertNotEqual(new, link)
        # A test by somebody else's identity says so.
        form = b.get("/account/links").form(f"/account/links/{new}/test")
        begun = b.post(form["action"], form["fields"])
        self.assertEqual(query(begun.header("Location"))["prompt"], "none")
        told = b.back(*self.server.decide(begun.header("Location"), person="keiko2"))
        self.assertEqual(told.header("Location"), "/?done=tested")
        form = b.get("/account/links").form(f"/account/links/{new}/remove")
        self.assertEqual(b.post(form["action"], form["fields"]).header("Location"), "/account/links?done=removed")
        self.assertEqual(self.link_ids(b), {})
        sheet = b.get("/account/methods?save=1")
        self.assertIn("attachment", sheet.header("Content-Disposition"))
        self.assertIn("keiko", sheet.text)

    def test_linking_asks_too_what_was_seen_when_nobody_came_back(self):
        self.server.account("keiko")
        b = self.in_("keiko", "correct horse battery")
        link = lambda: b.post("/account/links/google", b.get("/account/links").form("/account/links/google")["fields"])
        self.assertEqual(link().status, 303)
        time.sleep(5.2)
        asked = link()
        self.refused(asked, "external.no_return")
        self.assertEqual(asked.mark("data-question"), "google")
        form = asked.form("/sign-in/google/seen")
        told = b.post(form["action"], {**form["fields"], "saw": "frozen"})
        self.assertEqual((told.status, told.cause), (200, "external.frozen"))
        self.assertRegex(told.text, "return_to=(%2F|/)account(%2F|/)links")
        # Asked once; and the way on leads to the link.
        self.assertEqual(link().status, 303)

    def test_the_last_way_in_stays_also_in_a_race(self):
        # taro has Google alone, and no password.
        b = self.browser()
        self.assertEqual(b.go("google", "taro").status, 303)
        form = b.get("/account/links").form("/account/links/line")
        begun = b.post(form["action"], form["fields"])
        b.back(*self.server.decide(begun.header("Location"), person="taro"))
        ids = self.link_ids(b)
        self.assertEqual(set(ids), {"google", "line"})
        page = b.get("/account/links")
        forms = [page.form(f"/account/links/{i}/remove") for i in ids.values()]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda f: Browser.post(b, f["action"], f["fields"]), forms))
        self.assertEqual(sorted(a.status for a in answers), [303, 409])
        refused = next(a for a in answers if a.status == 409)
        self.assertEqual(refused.cause, "credential.no_password")
        self.assertEqual(len(self.link_ids(b)), 1)

    def test_unlinking_is_held_back_while_the_provider_is_down(self):
        b = self.in_()
        self.server.break_("x", "token_down")
        for _ in range(3):
            self.browser().go("x")
        link = self.link_ids(b)["x"]
        form = b.get("/account/links").form(f"/account/links/{link}/remove")
        self.refused(b.post(form["action"], form["fields"]), "external.outage")

    def test_an_identity_of_another_account_is_not_taken(self):
        self.server.account("keiko")
        b = self.in_("keiko", "correct horse battery")
        form = b.get("/account/links").form("/account/links/google")
        begun = b.post(form["action"], form["fields"])
        told = b.back(*self.server.decide(begun.header("Location"), person="hana"))
        self.refused(told, "credential.other_account")

    def test_an_account_without_a_password_is_told_its_way_and_has_one_for_once(self):
        b = self.browser()
        answer = b.submit("/recover", email="taro@example.jp")
        code = self.server.code("taro@example.jp")
        mail = self.server.mails("taro@example.jp")[-1]
        self.assertIn("Google (t•••@e•••.jp)", text_of(mail))
        form = b.follow(answer).form("/recover/code")
        page = b.follow(b.post(form["action"], {**form["fields"], "code": code}))
        once = next(f for f in page.page.forms if f["action"] == "/recover/password" and "password" not in f["fields"])
        done = b.post(once["action"], {**once["fields"], "once": "1"})
        self.assertEqual((done.status, done.header("Location")), (303, "/account/links"))
        self.assertTrue(self.is_in(b))
        self.assertEqual(b.post(once["action"], {**once["fields"], "once": "1"}).status, 410)
        # An account with a password has no such way.
        h = self.browser()
        answer = h.submit("/recover", email="hana@example.jp")
        form = h.follow(answer).form("/recover/code")
        proven = h.post(form["action"], {**form["fields"], "code": self.server.code("hana@example.jp")})
        flow = query(proven.header("Location"))["flow"]
        page = h.follow(proven)
        self.assertNotIn("data-once-in", page.text)
        form = page.form("/recover/password")
        self.assertEqual(h.post("/recover/password", {**form["fields"], "flow": flow, "once": "1"}).status, 410)

    def test_coming_back_by_a_provider_keeps_what_was_proven_there(self):
        """A closed account: the offer waits with its proof, and goes with what the provider takes back."""
        s = self.server
        offer_of = lambda b, answer: (b, answer.form("/sign-in/reopen"))
        back = lambda b, form: b.post(form["action"], form["fields"])
        s.run("account", "close", "hana", "--yes")
        b = self.browser()
        b, form = offer_of(b, b.go("google", return_to="/account/sessions", path="/sign-in?return_to=/account/sessions"))
        self.assertFalse(self.is_in(b))
        s.push("google", "logout", "hana")
        refused = back(b, form)
        self.assertEqual((refused.status, self.is_in(b)), (410, False), "its provider has signed it out")
        b = self.browser()
        b, form = offer_of(b, b.go("google", return_to="/account/sessions", path="/sign-in?return_to=/account/sessions"))
        done = back(b, form)
        self.assertRegex(done.header("Location"), "return_to=(%2F|/)account(%2F|/)sessions")
        self.assertTrue(self.is_in(b))
        self.assertEqual(b.follow(done).header("Location"), "/account/sessions", "in, and on at once")
        s.push("google", "logout", "hana")
        self.assertFalse(self.is_in(b), "the session is of the link that it was begun by")

    def test_coming_back_links_what_was_to_be_linked(self):
        s = self.server
        unlinked = lambda person: (self.browser().go("google", person).header("Location") or "").startswith("/sign-in/google/choose")
        for n, by_mail in enumerate((False, True)):
            login, person = f"leaver{n}", f"leaver{n}-there"
            s.account(login, password=PASSWORD)
            s.run("account", "close", login, "--yes")
            b, rival = self.browser(), self.browser()
            form = next(f for f in b.follow(b.go("google", person)).page.forms if "password" in f["fields"])
            if by_mail:
                code = b.follow(b.post(form["action"], {**form["fields"], "login": login, "mail": "1"})).form("/sign-in/google/prove")
                offered = b.post(code["action"], {**code["fields"], "code": s.code(f"{login}@example.jp")})
            else:
                offered = b.post(form["action"], {**form["fields"], "login": login, "password": PASSWORD})
            form = offered.form("/sign-in/reopen")
            self.assertTrue(unlinked(person), "nothing is linked before it is confirmed")
            self.assertFalse(self.is_in(b))
            self.assertEqual(b.post(form["action"], form["fields"]).status, 303)
            self.assertTrue(self.is_in(b))
            self.assertFalse(unlinked(person), "by mail" if by_mail else "by password")

    def test_pushed_events_move_links_and_end_sessions(self):
        b, other = self.in_(), self.browser()
        other.go("google")
        states = lambda: dict(zip(b.get("/account/links").marks("data-link-provider"), b.get("/account/links").marks("data-link-state")))
        self.server.push("google", "logout", "hana")
        self.assertFalse(self.is_in(other), "the session by that link is over")
        self.assertTrue(self.is_in(b), "the others are not")
        self.server.push("google", "revoked", "hana")
        self.assertEqual(states()["google"], "gone")
        changed = lambda m: "状態が変わりました" in m["Subject"]
        until = time.time() + 10
        while time.time() < until and not any(map(changed, self.server.mails("hana@example.jp"))):
            time.sleep(0.1)
        told = next(filter(changed, self.server.mails("hana@example.jp")))
        self.assertIn("許可が取り消されました", told.get_body(("plain",)).get_content())
        self.server.push("apple", "purged", "hana")
        self.assertEqual(states()["apple"], "gone")
        self.server.push("google", "hijacked", "hana")
        self.assertFalse(self.is_in(b), "hijacked: every session is over")
        # Recovery through that mailbox is closed, until another proof.
        before = len(self.server.mails("hana@example.jp"))
        self.browser().submit("/recover", email="hana@example.jp")
        time.sleep(1)
        self.assertEqual([m["Subject"] for m in self.server.mails("hana@example.jp")[before:] if "コード" in m["Subject"]], [])
        b = self.in_()
        self.assertEqual(states()["google"], "suspended_there")
        self.server.push("google", "enabled", "hana")
        self.assertEqual(states()["google"], "ok")
        self.browser().submit("/recover", email="hana@example.jp")
        self.server.code("hana@example.jp")
        # A known device hears why, when somebody does not come back.
        self.server.push("line", "disabled", "hana")
        self.assertEqual(b.start("line").status, 303)
        time.sleep(5.2)
        self.refused(b.start("line"), "external.frozen")
        shown = json.loads(self.server.run("account", "show", "hana", "--json").stdout)
        self.assertEqual({link["provider"]: link["state"] for link in shown["links"]}["line"], "suspended_there")
        self.assertTrue(shown["password"])
        # Coming back signed in mends the link by itself.
        self.assertEqual(self.browser().go("line").header("Location"), "/")
        self.assertEqual(states()["line"], "ok")

    def test_pushed_tokens_are_believed_once_and_by_signature_only(self):
        def events(kind, body):
            return Browser(self.server).send("POST", "/sign-in/google/events", body, {"Content-Type": kind})

        kind = "application/secevent+jwt"
        token = self.server.town("/push/google", {"what": "revoked", "person": "hana", "dry": "1"}).text
        head, body, signature = token.split(".")
        self.assertEqual(events(kind, f"{head}.{body}.{signature[:-8]}AAAAAAAA").status, 400)
        self.assertEqual(events(kind, "nonsense").status, 400)
        self.assertEqual(events("text/plain", token).status, 400)
        self.assertEqual(events(kind, "x" * 100_000).status, 400)
        b = self.in_()
        self.assertEqual(events(kind, token).status, 202)
        state = lambda: dict(zip(b.get("/account/links").marks("data-link-provider"), b.get("/account/links").marks("data-link-state")))["google"]
        self.assertEqual(state(), "gone")
        self.assertEqual(self.browser().go("google").status, 303)
        self.assertEqual(state(), "ok")
        self.assertEqual(events(kind, token).status, 202, "a replay is answered alike")
        self.assertEqual(state(), "ok", "and changes nothing")
        # Signed rightly, but from another, for another, from the future or of last week.
        for fault in ("wrong_issuer", "wrong_audience", "future", "expired"):
            self.server.break_("google", fault)
            made = self.server.town("/push/google", {"what": "revoked", "person": "hana", "dry": "1"}).text
            self.assertEqual(events(kind, made).status, 400, fault)
        self.server.break_("google")
        self.assertEqual(state(), "ok")
        # Another provider's token at this door, and an ID token in disguise.
        foreign = self.server.town("/push/town", {"what": "revoked", "person": "hana", "dry": "1"}).text
        self.assertEqual(events(kind, foreign).status, 400)
        self.assertEqual(Browser(self.server).send("POST", "/sign-in/nobody/events", token, {"Content-Type": kind}).status, 404)


class Safety(InTown):
    def callback(self, b, shop, **fields):
        return b.get(f"/sign-in/{shop}/callback?" + urllib.parse.urlencode(fields))

    def test_an_answer_that_names_another_issuer_is_refused(self):
        # Mix-up (RFC 9207): the answer of one provider, sent on to another's door.
        for shop, iss in (("google", "https://accounts.example"), ("town", f"http://127.0.0.1:{self.server.town_port}/google")):
            b = self.browser()
            place, _ = self.server.decide(b.start(shop).header("Location"), person="hana")
            answer = self.callback(b, shop, **{**query(place), "iss": iss})
            self.refused(answer, "external.handshake")
            self.assertIn("iss", [f.get("code") for f in self.server.why(answer.reference)["evidence"]])
            self.assertFalse(self.is_in(b))
        right = self.browser()
        place, _ = self.server.decide(right.start("google").header("Location"), person="hana")
        iss = f"http://127.0.0.1:{self.server.town_port}/google"
        self.assertEqual(self.callback(right, "google", **{**query(place), "iss": iss}).status, 303)

    def test_whatever_a_callback_brings_is_no_fault_of_ours_and_is_kept_as_it_came(self):
        for error, number in (("server_error", ""), ("temporarily_unavailable", ""), ("invalid_scope", ""), ("access_denied", "1000"), ("nobody_knows", "F004")):
            b = self.browser()
            state = query(b.start("yahoo_japan").header("Location"))["state"]
            answer = self.callback(b, "yahoo_japan", state=state, error=error, **({"error_code": number} if number else {}))
            self.assertEqual(answer.status, 403, error)
            self.assertIsNotNone(answer.reference)
            codes = [f.get("code") for f in self.server.why(answer.reference)["evidence"]]
            self.assertIn(f"{error} {number}".strip(), codes)

    def test_states_are_bound_to_browser_and_provider_and_good_once(self):
        b, victim = self.browser(), self.browser()
        begun = b.start("google")
        place, _ = self.server.decide(begun.header("Location"), person="hana")
        victim.get("/sign-in")
        stolen = victim.get(place.split(f":{self.server.port}", 1)[1])
        self.refused(stolen, "browser.context_switch")
        self.assertFalse(self.is_in(victim))
        answer = query(place)
        self.refused(self.callback(b, "town", **answer), "external.handshake")
        self.assertEqual(b.get(place.split(f":{self.server.port}", 1)[1]).status, 303)
        self.assertTrue(self.is_in(b))
        # A reload of somebody who is in goes on; anybody else is told.
        time.sleep(3.1)
        self.assertEqual(self.callback(b, "google", **answer).header("Location"), "/")
        b.submit("/", "/sign-out")
        time.sleep(3.1)
        late = self.callback(b, "google", **answer)
        self.refused(late, "external.handshake")
        self.assertNotIn(answer["state"], late.text)
        self.assertNotIn(answer["code"], late.text)

    def test_two_tabs_and_one_code_make_one_session(self):
        b = self.browser()
        place, _ = self.server.decide(b.start("google").header("Location"), person="hana")
        path = place.split(f":{self.server.port}", 1)[1]
        b.get("/sign-in")
        tabs = []
        for _ in range(6):
            tab = self.browser()
            tab.cookies = dict(b.cookies)
            tabs.append(tab)
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda tab: tab.get(path), tabs))
        self.assertEqual({a.status for a in answers}, {303})
        self.assertEqual(len({tab.cookies["kagiya_session"] for tab in tabs}), 1)

    def test_line_is_tried_once_more_by_hand_in_this_browser(self):
        b, app = self.browser(), self.browser()
        place, _ = self.server.decide(b.start("line").header("Location"), person="hana")
        app.get("/sign-in")
        again = app.get(place.split(f":{self.server.port}", 1)[1])
        self.assertEqual(again.status, 303)
        self.assertEqual(query(again.header("Location"))["disable_auto_login"], "true")
        done = app.back(*self.server.decide(again.header("Location"), person="hana"))
        self.assertEqual(done.header("Location"), "/")
        third = self.browser()
        third.get("/sign-in")
        second, _ = self.server.decide(again.header("Location"), person="hana")
        self.refused(third.get(second.split(f":{self.server.port}", 1)[1]), "browser.context_switch")

    def test_anything_in_a_callback_gets_a_page_with_a_reference(self):
        b = self.browser()
        state = query(b.start("google").header("Location"))["state"]
        wild = [{}, {"state": "x"}, {"state": "\0"}, {"code": "x"}, {"state": "x" * 5000, "code": "y" * 50_000},
                {"error": "<script>alert(1)</script>", "state": "x"}, {"state": "é\u202e", "error": "\r\nSet-Cookie: a=b"},
                {"state": state, "error": "<script>\r\nSet-Cookie: x=y\u202e" + "e" * 5000, "error_description": "d" * 20_000}]
        for fields in wild:
            for shop in ("google", "apple", "nobody"):
                with self.subTest(fields=str(fields)[:60], shop=shop):
                    for answer in (self.callback(b, shop, **fields), b.post(f"/sign-in/{shop}/callback", fields)):
                        self.assertGreaterEqual(answer.status, 400)
                        self.assertLess(answer.status, 500)
                        self.assertTrue(answer.reference)
                        self.assertNotIn("<script>alert", answer.text)
                        self.assertNotIn("\u202e", answer.text)
        raw = b.send("GET", "/sign-in/google/callback?state=%ff%fe&code=%00&state=&error[]=1")
        self.assertEqual(raw.status, 400)

    def test_a_link_begun_by_one_is_not_ended_by_another(self):
        self.server.account("keiko")
        b = self.browser()
        b.sign_in("keiko", "correct horse battery")
        form = b.get("/account/links").form("/account/links/google")
        place, _ = self.server.decide(b.post(form["action"], form["fields"]).header("Location"), person="mallory")
        b.submit("/", "/sign-out")
        b.sign_in("hana", PASSWORD)
        told = b.get(place.split(f":{self.server.port}", 1)[1])
        self.refused(told, "credential.other_account")
        self.assertNotIn("m•••", b.get("/account/links").text)

    def test_destinations_stay_inside_and_starts_need_our_page(self):
        for bad in ("//evil.example", "https://evil.example", "/\\evil.example", "/%2f/evil"):
            b = self.browser()
            answer = b.go("google", return_to=bad)
            self.assertEqual(answer.header("Location"), "/", bad)
        b = self.browser()
        b.get("/sign-in")
        self.assertEqual(b.post("/sign-in/google", {}).status, 400)
        cross = b.post("/sign-in/google", b.get("/sign-in").form("/sign-in/google")["fields"], **{"Sec-Fetch-Site": "cross-site"})
        self.assertEqual(cross.status, 403)
        self.assertEqual(b.get("/sign-in/google").status, 303)
        self.refused(b.post("/sign-in/nobody", b.get("/sign-in").form("/sign-in/google")["fields"]), "external.link_gone")

    def test_pre_hijacking_fails_in_both_directions(self):
        # An attacker cannot own an account with the victim's address: it needs the mailbox.
        attacker = self.browser()
        attacker.submit("/sign-up", login_id="attacker", email="victim@example.jp", password="attackers own horse")
        victim = self.browser()
        page = victim.follow(victim.go("google", "victim"))
        form = next(f for f in page.page.forms if "login_id" in f["fields"])
        self.assertEqual(victim.post(form["action"], {**form["fields"], "login_id": "victim"}).status, 303)
        self.assertEqual(attacker.sign_in("victim@example.jp", "attackers own horse").status, 401)
        # An attacker's identity with somebody's address, not vouched for, never touches that account.
        rogue = self.browser()
        page = rogue.follow(rogue.go("google", "hana2+unverified"))
        self.assertEqual(page.cause, "external.wrong_provider")
        lined = self.browser()
        page = lined.follow(lined.go("line", "taro"))
        self.assertNotIn("address_elsewhere", [f["fact"] for f in self.server.why(page.reference)["evidence"]])

    def test_a_recovery_shows_and_removes_what_an_attacker_linked(self):
        self.server.account("keiko")
        attacker = self.browser()
        attacker.sign_in("keiko", "correct horse battery")
        form = attacker.get("/account/links").form("/account/links/line")
        attacker.back(*self.server.decide(attacker.post(form["action"], form["fields"]).header("Location"), person="mallory"))
        self.assertEqual(self.browser().go("line", "mallory").header("Location"), "/")
        owner = self.browser()
        form = owner.follow(owner.submit("/recover", email="keiko@example.jp")).form("/recover/code")
        page = owner.follow(owner.post(form["action"], {**form["fields"], "code": self.server.code("keiko@example.jp")}))
        self.assertIn("m•••@e•••.jp", page.text)
        form = page.form("/recover/password")
        self.assertEqual(owner.post("/recover/password", {**form["fields"], "password": "a new pass phrase"}).status, 303)
        gone = self.browser()
        self.assertTrue(gone.go("line", "mallory").header("Location").startswith("/sign-in/line/choose"))
        # A link of the very mailbox that was proven stays.
        member = self.browser()
        form = member.follow(member.submit("/recover", email="taro@example.jp")).form("/recover/code")
        page = member.follow(member.post(form["action"], {**form["fields"], "code": self.server.code("taro@example.jp")}))
        form = page.form("/recover/password")
        self.assertEqual(member.post("/recover/password", {**form["fields"], "password": "a new pass phrase"}).status, 303)
        self.assertEqual(self.browser().go("google", "taro").header("Location"), "/")
        self.assertEqual(self.browser().sign_in("taro", "a new pass phrase").status, 303)

    def test_nothing_secret_is_in_logs_referrers_or_errors(self):
        b = self.browser()
        place, _ = self.server.decide(b.start("x").header("Location"), person="hana")
        code, state = query(place)["code"], query(place)["state"]
        done = b.get(place.split(f":{self.server.port}", 1)[1])
        self.assertEqual(done.header("Referrer-Policy"), "same-origin")
        self.server.break_("x", "secret_expired")
        failed = self.browser().go("x")
        with open(f"{self.server.data}/server.log") as file:
            log = file.read()
        for secret in (code, state, "practice-secret-that-protects-nothing"):
            self.assertNotIn(secret, log)
            self.assertNotIn(secret, failed.text)


class Demo(unittest.TestCase):
    def test_practice_members_do_not_move_in_with_real_ones(self):
        server = Server()
        self.addCleanup(server.__exit__)
        server.account("real")
        server.stop()
        done = server.run("demo", "--town", f"127.0.0.1:{free_port()}", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("one of its own", done.stderr)
        server.start()


class Settings(unittest.TestCase):
    def start(self, toml, secret="s3cret"):
        server = Server(toml=toml, start=False)
        self.addCleanup(lambda: __import__("shutil").rmtree(server.data, ignore_errors=True))
        with open(f"{server.data}/secret", "w") as file:
            file.write(secret)
        return server.run("doctor", check=False)

    def test_wrong_providers_stop_the_start_by_name(self):
        base = '[[providers]]\nid = "google"\nclient_id = "c"\nclient_secret_file = "secret"\n'
        for toml, words in [
            (base + 'colour = "red"\n', "colour"),
            (base.replace('"google"', '"reopen"'), "providers.id"),
            (base.replace('"google"', '"Goo/gle"'), "providers.id"),
            (base + base, "no other provider"),
            (base + 'kind = "myspace"\n', "providers.kind"),
            (base.replace('"secret"', '"missing"'), "client_secret_file"),
            (base.replace('client_id = "c"\n', ""), "client_id"),
            (base + 'token_url = "ftp://x.example/"\n', "token_url"),
            (base + 'jwks_url = "http://169.254.169.254/keys"\n', "jwks_url"),
            (base + 'status_url = "https://10.0.0.1/status"\n', "status_url"),
            (base + 'issuer = "http://accounts.example.com"\n', "issuer"),
            ('[[providers]]\nid = "o"\nkind = "oidc"\nclient_id = "c"\n', "issuer"),
            ('[[providers]]\nid = "o"\nkind = "oauth2"\nclient_id = "c"\n', "authorize_url"),
        ]:
            with self.subTest(toml[-60:]):
                done = self.start(toml)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(words, done.stderr)

    def serve(self, server):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def inside(self):
        """A host inside that nobody should reach, and what reached it."""
        hits = []

        class Inner(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                hits.append(self.path)
                self.send_response(200)
                self.end_headers()

            do_POST = do_GET

            def log_message(self, *_):
                pass

        inner = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inner)
        self.serve(inner)
        return inner, hits

    def test_a_discovered_address_that_leads_inward_is_not_asked(self):
        """The issuer stands on one port; its description points to another one inside."""
        inner, hits = self.inside()
        inside = f"http://127.0.0.1:{inner.server_port}"

        class Issuer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                me = f"http://127.0.0.1:{self.server.server_port}"
                body = json.dumps({
                    "issuer": me, "authorization_endpoint": f"{me}/authorize", "token_endpoint": f"{inside}/token",
                    "userinfo_endpoint": f"{inside}/me", "jwks_uri": f"{inside}/jwks",
                }).encode()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        issuer = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
        self.serve(issuer)
        toml = f'[[providers]]\nid = "corp"\nkind = "oidc"\nclient_id = "c"\nissuer = "http://127.0.0.1:{issuer.server_port}"\n'
        server = Server(toml=toml)
        self.addCleanup(server.__exit__)
        b = Traveller(server)
        begun = b.start("corp")
        self.assertEqual(begun.status, 303)
        answer = b.get(f"/sign-in/corp/callback?state={query(begun.header('Location'))['state']}&code=x")
        self.assertEqual(answer.cause, "external.config")
        self.assertEqual(hits, [])

    def club(self, handler):
        """A server that signs in at a club of this sort."""
        club = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.serve(club)
        there = f"http://127.0.0.1:{club.server_port}"
        toml = f'[[providers]]\nid = "club"\nkind = "oauth2"\nname = "Club"\nclient_id = "c"\nauthorize_url = "{there}/a"\ntoken_url = "{there}/t"\nuserinfo_url = "{there}/me"\n'
        server = Server(toml=toml)
        self.addCleanup(server.__exit__)
        return server

    def come_back(self, server):
        b = Traveller(server)
        begun = b.start("club")
        self.assertEqual(begun.status, 303, begun.text[:500])
        return b.get(f"/sign-in/club/callback?state={query(begun.header('Location'))['state']}&code=x")

    def test_made_up_tickets_are_not_passed_on_without_end(self):
        asked = []

        class Refusing(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                body = b'{"error":"invalid_grant"}'
                self.send_response(400)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = self.club(Refusing)
        time.sleep(max(0, 61 - time.time() % 60) if time.time() % 60 > 30 else 0)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: self.come_back(server), range(140)))
        spent = [answer for answer in answers if answer.status == 429]
        self.assertGreaterEqual(len(spent), 10)
        self.assertTrue(spent[0].header("Retry-After"))
        self.assertLessEqual(len(asked), 130)

    def test_redirects_of_a_provider_lead_nowhere(self):
        inner, hits = self.inside()

        class Bouncing(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(307)
                self.send_header("Location", f"http://127.0.0.1:{inner.server_port}{self.path}")
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        answer = self.come_back(self.club(Bouncing))
        self.assertGreaterEqual(answer.status, 400)
        self.assertEqual(answer.cause, "external.config")
        self.assertEqual(hits, [], "the code and our secret go nowhere else")


for cls in (Ways, Unknown, Apart, Links, Safety):
    on_both(cls)
del InTown
