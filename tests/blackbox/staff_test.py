"""What staff sees and does: with the role only, with a reason, and every look in the audit trail."""

import json
import os
import unittest
from concurrent.futures import ThreadPoolExecutor

from client import Browser, Server
from platform_test import FAST, PASSWORD, at, until
from support import OnBoth, SmallDisk, on_both, sql


@on_both
class Staff(OnBoth):
    toml = FAST

    def setUp(self):
        super().setUp()
        s = self.server
        s.account("hana")
        s.account("taro")
        s.run("account", "grant", "taro")
        self.staff = Browser(s)
        self.assertEqual(self.staff.sign_in("taro", PASSWORD).status, 303)

    def look(self, typed, reason):
        form = self.staff.get("/staff/look").form("/staff/look")
        return self.staff.post("/staff/look", {**form["fields"], "q": typed, "reason": reason})

    def test_a_text_that_no_database_takes_breaks_no_form(self):
        """Every field of every form, one at a time, with a NUL in it."""
        s, tried = self.server, 0
        pages = ("/sign-in", "/sign-up", "/recover", "/recover/code", "/unlock", "/unlock/code", "/status", "/check", "/account", "/account/security",
                 "/account/links", "/account/close", "/account/devices", "/staff", "/staff/look", "/staff/notices")
        for path in pages:
            texts = ("textarea", "reason", "q", "message", "message_en", "title", "address", "token", "provider", "id", "link")
            for n, form in enumerate(self.staff.get(path).page.forms):
                for name in {*form["fields"], *texts} - {"form"}:
                    if self.staff.get("/auth/check").status != 200:
                        self.staff = Browser(s)
                        self.staff.sign_in("taro", PASSWORD)
                    forms = self.staff.get(path).page.forms
                    if n < len(forms) and forms[n]["method"].lower() == "post":
                        fields = {"login": "hana", "q": "hana", "reason": "asked by mail", **forms[n]["fields"], name: "a\0b"}
                        answer = self.staff.post(forms[n]["action"] or path, fields)
                        self.assertLess(answer.status, 500, (path, forms[n]["action"], name, answer.text[-300:]))
                        tried += 1
        self.assertGreater(tried, 100)
        # What stands in a page only for some.
        for action, more in (
            ("/account/emails/change", {"address": "a\0b@example.jp"}), ("/account/emails/change", {"address": "a\0b", "primary": "1"}),
            ("/account/emails", {"email": "a\0b@example.jp", "password": PASSWORD}), ("/account/links/a%00b", {}), ("/account/links/a%00b/remove", {}),
            ("/staff/notices/a%00b", {"message": "m"}), ("/why/a%00b/confirm", {}), ("/sign-in/a%00b", {}), ("/sign-in/a%00b/choose", {}),
        ):
            fields = self.staff.get("/account/security").page.forms[-1]["fields"]
            answer = self.staff.post(action, {**fields, **more})
            self.assertLess(answer.status, 500, (action, more, answer.text[-300:]))
        token = {"Authorization": f"Bearer {self.staff.cookies['kagiya_session']}"}
        for body in ({"kind": "incident", "message": "a\0b"}, {"kind": "incident", "message": "m", "title": "a\0b"}, {"kind": "a\0b"}):
            self.assertLess(self.staff.api("POST", "/api/v1/staff/notices", body, **token).status, 500, body)

    def test_the_role_alone_opens_it(self):
        s = self.server
        member = Browser(s)
        member.sign_in("hana", PASSWORD)
        for path in ("/staff", "/staff/look", "/staff/notices"):
            self.assertEqual(member.get(path).status, 404, path)
            self.assertEqual(Browser(s).get(path).header("Location"), f"/sign-in?return_to={path.replace('/', '%2F')}")
            self.assertEqual(self.staff.get(path).status, 200, path)
        self.assertEqual(member.api("GET", "/api/v1/staff/notices").status, 403)
        self.assertEqual(Browser(s).api("GET", "/api/v1/staff/notices").status, 401)
        # The role ends at once.
        s.run("account", "revoke", "taro")
        self.assertEqual(self.staff.get("/staff").status, 404)

    def test_a_token_that_is_older_than_the_role_does_not_carry_it(self):
        s, b = self.server, Browser(self.server)
        b.sign_in("hana", PASSWORD)
        planted = b.cookies["kagiya_session"]
        s.run("account", "grant", "hana")
        r = b.get("/staff?lang=en")
        self.assertEqual((r.status, r.header("Location")), (303, "/staff"))
        self.assertNotEqual(b.cookies["kagiya_session"], planted)
        self.assertEqual(b.get("/staff").status, 200)
        self.assertEqual(b.get("/auth/check").status, 200)
        thief = Browser(s)
        thief.cookies["kagiya_session"] = planted
        self.assertEqual(thief.get("/auth/check").status, 401, "it is worth nothing any more")
        self.assertEqual(thief.get("/staff").status, 303)
        # Once: the next page renews nothing.
        now = b.cookies["kagiya_session"]
        self.assertEqual(b.get("/staff/look").status, 200)
        self.assertEqual(b.cookies["kagiya_session"], now)

    def test_the_door_for_programs_is_as_narrow_as_that_for_pages(self):
        s, b = self.server, Browser(self.server)
        b.sign_in("hana", PASSWORD)
        older = Browser(s, Authorization=f"Bearer {b.cookies['kagiya_session']}")
        s.run("account", "grant", "hana")
        notice = {"kind": "incident", "message": "x"}
        self.assertEqual(older.api("GET", "/api/v1/staff/notices").status, 403)
        self.assertEqual(older.api("POST", "/api/v1/staff/notices", notice).status, 403)
        # Who it is comes before what they send: of a stranger no body is read.
        self.assertEqual(Browser(s).send("POST", "/api/v1/staff/notices", "x" * 1_000_000, {"Content-Type": "text/plain"}).status, 401)
        own = Browser(s, Authorization=f"Bearer {self.staff.cookies['kagiya_session']}")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", ""):
            self.assertEqual(own.send("POST", "/api/v1/staff/notices", json.dumps(notice), {"Content-Type": kind}).status, 415, kind)
        self.assertEqual(own.api("POST", "/api/v1/staff/notices", notice).status, 201)

    def test_of_several_pages_at_once_one_renews_the_token(self):
        s, b = self.server, Browser(self.server)
        b.sign_in("hana", PASSWORD)
        s.run("account", "grant", "hana")
        twins = [Browser(s) for _ in range(8)]
        for twin in twins:
            twin.cookies, twin.keep = dict(b.cookies), False
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda twin: twin.get("/staff"), twins))
        # Whoever was let in just before is answered; nobody is turned away.
        self.assertLessEqual({r.status for r in answers}, {200, 303})
        given = [value for r in answers for name, value in r.headers if name.lower() == "set-cookie" and value.startswith("kagiya_session=")]
        self.assertEqual(len(given), 1, given)
        self.assertEqual(b.get("/auth/check").status, 401, "the old one")
        b.cookies["kagiya_session"] = given[0].split(";")[0].partition("=")[2]
        self.assertEqual(b.get("/staff").status, 200)

    def test_overview(self):
        s = self.server
        for n in range(3):
            b = Browser(s)
            b.sign_in("hana", f"wrong {n}")
        self.assertEqual(b.sign_in("hana", PASSWORD).status, 303)
        b.submit("/recover", email="hana")
        page = self.staff.get("/staff")
        # Of four browsers one came in at once, one after a failure, two have not yet.
        self.assertIn("<th scope=\"row\">パスワード</th><td>4</td><td>1 (25%)</td><td>1 (25%)</td><td>2 (50%)</td>", page.text)
        self.assertIn("<th scope=\"row\">再設定</th><td>1</td><td>0 (0%)</td><td>0 (0%)</td>", page.text)
        self.assertIn("いちばん多い1時間: 3件", page.text)
        self.assertIn("<svg", page.text)
        self.assertIn("credential.password", page.text)
        # Nothing of one member is on it.
        self.assertNotIn("hana", page.text)

    def test_the_server_itself(self):
        self.assertRegex(self.staff.get("/staff").text, r"data-disk>[^<]*\d+ MiB")
        sql(self.server, self.url, "INSERT INTO finding (fault, detail, first_at, last_at) VALUES ('job_broke', 'odd job', 1, 9000000000000)")
        page = self.staff.get("/staff?lang=en").text
        self.assertIn("odd job", page)
        self.assertNotIn("job_broke", page)

    def test_a_disk_that_is_nearly_full_is_told(self):
        small = SmallDisk("24m")
        self.addCleanup(small.close)
        data = os.path.join(small.path, "data")
        os.mkdir(data)
        with Server(database=self.url, data=data) as s:
            s.run("account", "grant", "taro") if self.url else (s.account("taro"), s.run("account", "grant", "taro"))
            staff = Browser(s)
            self.assertEqual(staff.sign_in("taro", PASSWORD).status, 303)
            self.assertNotIn('role="alert" data-disk', staff.get("/staff").text)
            with open(f"{small.path}/ballast", "wb") as file:
                file.write(b"\0" * (os.statvfs(small.path).f_bavail * os.statvfs(small.path).f_frsize - 1_200_000))
            self.assertIn('role="alert" data-disk', staff.get("/staff").text)
            self.assertIn("MiB free of", s.run("doctor", check=False).stdout)

    def test_every_look_has_a_reason_and_is_kept(self):
        s = self.server
        refused = Browser(s).sign_in("hana", "wrong")
        self.assertEqual(self.look(refused.reference, "").status, 422)
        self.assertEqual(self.look("hana", " ").status, 422)
        page = self.look(refused.reference, "case 4711")
        self.assertEqual(page.status, 200)
        self.assertEqual((page.mark("data-attempt"), page.cause), (refused.reference, "credential.password"))
        page = self.look("hana@example.jp", "case 4712")
        self.assertEqual(page.mark("data-member"), "hana")
        self.assertNotIn("hana@example.jp", page.text.split("data-member")[1])
        for kept in ("staff:taro viewed_attempt", "case 4711", "staff:taro viewed_member", "case 4712"):
            self.assertIn(kept, page.text)
        self.assertEqual(self.look("nobody", "case 4713").status, 404)
        # Without a page of ours nothing is looked at.
        self.assertEqual(self.staff.post("/staff/look", {"q": "hana", "reason": "case"}).status // 100, 4)

    def test_of_two_who_change_the_same_one_has_the_word(self):
        s = self.server
        made = json.loads(s.run("incident", "open", "--message", "調べています", "--json").stdout)
        path = f"/staff/notices/{made['id']}"
        until(lambda: made["id"] in self.staff.get("/staff/notices").text, 5)
        form = self.staff.get("/staff/notices").form(path)
        for _ in range(4):
            with ThreadPoolExecutor(8) as pool:
                tell = lambda n: Browser.post(self.staff, path, {**form["fields"], "message": f"update {n}"})
                answers = [answer.status for answer in pool.map(tell, range(8))]
            self.assertLessEqual(set(answers), {303, 422})
            self.assertIn(303, answers)
        # What was acknowledged is told, each once, and nothing else is.
        told = json.loads(s.run("incident", "list", "--json").stdout)[0]["updates"]
        self.assertEqual(len({u["at"] for u in told}), len(told))

    def test_merging(self):
        s = self.server
        one, two = (json.loads(s.run("incident", "open", "--message", m, "--component", c, "--json").stdout) for m, c in (("A", "mail"), ("B", "password")))
        s.run("incident", "merge", one["id"], two["id"])
        left = json.loads(s.run("incident", "list", "--json").stdout)
        self.assertEqual([(n["id"], n["components"]) for n in left], [(two["id"], ["mail", "password"])])
        # The same by page.
        three = json.loads(s.run("incident", "open", "--message", "C", "--json").stdout)
        path = f"/staff/notices/{three['id']}"
        until(lambda: three["id"] in self.staff.get("/staff/notices").text, 5)
        page = self.staff.get("/staff/notices")
        self.assertIn(f'<option value="{two["id"]}">B</option>', page.text)
        self.assertEqual(self.staff.post(path, {"form": page.form(path)["fields"]["form"], "into": two["id"]}).status, 303)
        self.assertEqual([n["id"] for n in json.loads(s.run("incident", "list", "--json").stdout)], [two["id"]])
        again = s.run("incident", "merge", one["id"], two["id"], check=False)
        self.assertEqual(again.returncode, 2)

    def test_looks_from_the_command_line_are_kept_too(self):
        s = self.server
        refused = Browser(s).sign_in("hana", "wrong")
        s.run("why", refused.reference, "--reason", "case 4714")
        s.run("account", "show", "hana", "--reason", "case 4715")
        page = self.look("hana", "case 4716")
        for kept in (f"cli viewed_attempt", "case 4714", "cli viewed_member", "case 4715"):
            self.assertIn(kept, page.text)

    def test_notices_by_page(self):
        s, b = self.server, Browser(self.server)
        form = self.staff.get("/staff/notices").form("/staff/notices")
        wrong = self.staff.post("/staff/notices", {**form["fields"], "kind": "maintenance", "message": "作業", "ends": "2020-01-01T00:00"})
        self.assertEqual((wrong.status, wrong.mark("data-wrong")), (422, "ends"))
        self.assertIn("作業</textarea>", wrong.text)
        wrong = self.staff.post("/staff/notices", {**form["fields"], "kind": "incident", "message": "<b>x</b>"})
        self.assertEqual((wrong.status, wrong.mark("data-wrong")), (422, "message"))
        made = self.staff.post("/staff/notices", {**form["fields"], "kind": "incident", "message": "調べています", "impact": "critical", "component": "password"})
        self.assertEqual(made.status, 303)
        page = self.staff.get("/staff/notices")
        notice = page.mark("data-incident")
        self.assertEqual(b.get("/api/v2/status.json").json["status"]["indicator"], "critical")
        path = f"/staff/notices/{notice}"
        wrong = self.staff.post(path, {**page.form(path)["fields"], "message": "もう少しです", "next_update": "2020-01-01T00:00"})
        self.assertEqual(wrong.status, 422)
        # What was typed stays in the form where it was typed.
        self.assertIn(f'id="m-{notice}" name="message" rows="3" maxlength="2000">もう少しです</textarea>', wrong.text)
        self.assertEqual(wrong.text.count("もう少しです"), 1)
        done = self.staff.post(path, {**page.form(path)["fields"], "status": "resolved", "message": "直りました"})
        self.assertEqual(done.status, 303)
        self.assertEqual(b.get("/api/v2/incidents/unresolved.json").json["incidents"], [])

    def test_notices_by_program(self):
        s = self.server
        token = Browser(s).api("POST", "/api/v1/sign-in", {"login": "taro", "password": PASSWORD, "token": True}).json["session"]["token"]
        b = Browser(s, Authorization=f"Bearer {token}")
        made = b.api("POST", "/api/v1/staff/notices", {"kind": "maintenance", "message": "移行", "ends_at": at(600), "mode": "read_only"})
        self.assertEqual(made.status, 201, made.text)
        self.assertEqual(made.json["status"], "in_progress")
        for body, status, field in [
            ({"message": "x", "kind": "maintenance"}, 422, "ends_at"),
            ({"message": "x", "kind": "maintenance", "ends_at": "2030-01-01T00:00:00"}, 422, "ends_at"),
            ({"message": "x", "kind": "party"}, 422, "kind"),
            ({"message": ""}, 422, "message"),
            ({"message": "x", "components": ["moon"]}, 422, "components"),
            ({"message": "x", "kind": "maintenance", "ends_at": at(300)}, 422, "begins"),
        ]:
            wrong = b.api("POST", "/api/v1/staff/notices", body)
            self.assertEqual((wrong.status, wrong.json["errors"][0]["field"]), (status, field), body)
        self.assertEqual(b.api("POST", "/api/v1/staff/notices", {"massage": "x"}).status, 422)
        self.assertEqual(b.send("POST", "/api/v1/staff/notices", "{", {"Content-Type": "application/json"}).status, 400)
        path = f"/api/v1/staff/notices/{made.json['id']}"
        self.assertEqual(b.api("POST", path, {"status": "resolved"}).status, 422)
        self.assertEqual(b.api("POST", path, {"status": "completed", "message": "終わりました"}).json["status"], "completed")
        self.assertEqual(b.api("POST", "/api/v1/staff/notices/none", {"message": "x"}).status, 404)


if __name__ == "__main__":
    unittest.main()
