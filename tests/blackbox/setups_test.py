"""Providers as they are set up elsewhere: what an issuer of one's own says, one thing at a time."""

import glob
import json
import tempfile
import time
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from client import Browser, Server, Traveller
from issuer import Issuer, b64, query
from support import OnBoth, new_postgres, on_both, sql

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


@on_both
class Setups(OnBoth):
    more = ""

    def setUp(self):
        self.issuer = Issuer()
        self.addCleanup(self.issuer.close)
        self.url = new_postgres() if self.database == "postgres" else None

    def start(self, more="", toml=None):
        """A server that signs in at the issuer, with more lines in its settings."""
        if "SECRET" in more:
            secret = tempfile.NamedTemporaryFile("w", suffix=".secret")
            self.addCleanup(secret.close)
            secret.write("s3cret")
            secret.flush()
            more = more.replace("SECRET", secret.name)
        server = Server(database=self.url, toml=toml or self.issuer.settings("corp") + more)
        self.addCleanup(server.__exit__)
        self.server = server

    def enter(self, head=None, sign=None, **claims):
        claims = {"sub": "1", "email": "hana@example.jp", "email_verified": True, **claims}
        self.browser = Traveller(self.server)
        return self.issuer.come_back(self.browser, "corp", head=head, sign=sign, **claims)

    def comes_in(self, head=None, sign=None, **claims):
        """To the sign-up of a new identity: whoever comes as far was believed."""
        answer = self.enter(head, sign, **claims)
        self.assertEqual(answer.status, 303, (answer.cause, answer.text[-800:]))
        self.assertIn("/choose", answer.header("Location"))
        return self.browser.follow(answer)

    def test_who_has_an_account_already_is_in_and_linked_by_one_act(self):
        self.start()
        s = self.server
        for name in ("hana", "taro"):
            s.account(name)
        pages = []
        for _ in range(2):
            page = self.comes_in(sub="one", email=None)
            pages.append((self.browser, next(f for f in page.page.forms if "login" in f["fields"])))
        links = lambda: sql(s, self.url, "SELECT login_id FROM account WHERE id IN (SELECT account_id FROM link)")
        have = lambda n, login, password: pages[n][0].post(pages[n][1]["action"], {**pages[n][1]["fields"], "login": login, "password": password})
        self.assertEqual(have(0, "hana", "not it").status, 401)
        self.assertEqual(links(), [])
        answer = have(0, "hana", "correct horse battery")
        self.assertEqual((answer.status, answer.header("Location")), (303, "/?done=linked"))
        self.assertEqual(links(), ["hana"])
        # The other browser came back as the same person before that: it is in, and told that it is not linked.
        answer = have(1, "taro", "correct horse battery")
        self.assertEqual((answer.status, answer.header("Location")), (303, "/account/links?done=not-linked"))
        self.assertEqual(pages[1][0].get("/auth/check").header("X-Kagiya-Login-Id"), "taro")
        self.assertEqual(links(), ["hana"])
        self.assertEqual([m["Subject"] for m in s.mails("taro@example.jp") if "連携" in m["Subject"]], [])
        # From then on it leads in.
        answer = self.enter(sub="one", email=None)
        self.assertEqual(answer.status, 303)
        self.assertEqual(self.browser.get("/auth/check").header("X-Kagiya-Login-Id"), "hana")

    def test_a_bare_callback_leaves_nothing_behind(self):
        self.start()
        rows = lambda: sql(self.server, self.url, "SELECT COUNT(*) FROM attempt")
        before = rows()
        for more in ("", "?state=x", "?code=x&state=y", "?error=access_denied", "?error=access_denied&state=z"):
            self.assertEqual(Browser(self.server).get(f"/sign-in/corp/callback{more}").cause, "external.handshake")
        time.sleep(0.5)
        self.assertEqual(rows(), before)
        # A browser that was here before is told by a reference that is kept.
        b = Traveller(self.server)
        b.start("corp")
        told = b.get("/sign-in/corp/callback?code=x&state=y")
        self.assertEqual(self.server.why(told.reference)["cause"], "external.handshake")

    def test_the_secret_goes_where_the_issuer_takes_it(self):
        self.issuer.more = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        self.start('client_secret_file = "SECRET"\n')
        self.comes_in()
        head, form = self.issuer.forms[-1]
        self.assertEqual((head, form["client_secret"]), (None, "s3cret"))

    def test_the_secret_goes_where_the_settings_say(self):
        self.start('client_secret_file = "SECRET"\ntoken_auth = "post"\n')
        self.comes_in()
        head, form = self.issuer.forms[-1]
        self.assertEqual((head, form["client_secret"]), (None, "s3cret"))

    def test_an_issuer_that_differs_by_a_slash_is_our_setting(self):
        self.start(toml=self.issuer.settings("corp").replace(self.issuer.url, f"{self.issuer.url}/"))
        answer = Traveller(self.server).start("corp")
        self.assertEqual((answer.status // 100, answer.cause), (5, "external.config"))
        doctor = self.server.run("doctor", check=False).stdout
        for value in (f'"{self.issuer.url}/"', f'"{self.issuer.url}"'):
            self.assertIn(value, doctor)

    def test_an_issuer_that_differs_by_a_slash_in_its_tokens_alone(self):
        i = self.issuer
        places = "".join(f'{key} = "{i.url}/{path}"\n' for key, path in (("authorize_url", "authorize"), ("token_url", "token"), ("jwks_url", "jwks")))
        self.start(toml=i.settings("corp").replace(f'issuer = "{i.url}"', f'issuer = "{i.url}/"') + places)
        answer = self.enter()
        self.assertEqual((answer.status // 100, answer.cause), (5, "external.config"))
        with open(f"{self.server.data}/server.log") as file:
            log = file.read()
        self.assertTrue(f'{i.url}/' in log and f'tokens are of "{i.url}"' in log.replace("\\", ""), log[-600:])

    def test_es512(self):
        key = ec.generate_private_key(ec.SECP521R1())
        numbers = key.public_key().public_numbers()
        part = lambda number: number.to_bytes(66, "big")

        def sign(text):
            return b"".join(part(n) for n in utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA512()))))

        jwk = {"kty": "EC", "crv": "P-521", "use": "sig", "alg": "ES512", "kid": "e", "x": b64(part(numbers.x)), "y": b64(part(numbers.y))}
        self.issuer.said["/jwks"] = {"keys": [jwk, *self.issuer.keys()["keys"]]}
        self.start()
        self.comes_in({"alg": "ES512", "kid": "e"}, sign)
        self.comes_in()
        # Neither another's signature, nor this key under another name.
        other = ec.generate_private_key(ec.SECP521R1())
        foreign = lambda text: b"".join(part(n) for n in utils.decode_dss_signature(other.sign(text, ec.ECDSA(hashes.SHA512()))))
        for head, by in (({"alg": "ES512", "kid": "e"}, foreign), ({"alg": "ES512", "kid": "k"}, sign), ({"alg": "ES384", "kid": "e"}, sign), ({"alg": "ES512", "kid": "e"}, lambda text: b"\0" * 132)):
            answer = self.enter(head, by)
            self.assertEqual((answer.status // 100, answer.cause), (4, "external.outage"), head)

    def test_a_number_is_a_subject_and_the_same_one_as_text(self):
        self.start()
        self.comes_in(sub=90071992547409930)
        self.comes_in(sub="90071992547409930")
        self.assertEqual(self.enter(sub=1.5).status // 100, 4)

    def test_a_subject_that_no_database_takes_is_refused(self):
        self.start()
        for sub in ("a\0b", "\0", "a\nb", "x" * 256, True, ["1"], {"id": 1}):
            answer = self.enter(sub=sub)
            self.assertEqual(answer.status // 100, 4, (sub, answer.text[:300]))

    def test_large_tokens(self):
        self.start()
        for size in (20 * 1_024, 64 * 1_024):
            self.comes_in(groups=["g" * 62] * (size // 90), pad="x" * (size // 10))

    def test_keys_without_a_name(self):
        keys = self.issuer.keys()["keys"]
        self.issuer.said["/jwks"] = {"keys": [{k: v for k, v in key.items() if k != "kid"} for key in keys]}
        self.start()
        self.comes_in({"kid": "whatever"})
        self.comes_in({"kid": None})

    def test_an_optional_claim_of_another_type_keeps_nobody_out(self):
        self.start()
        for odd in ({"jti": 7, "nbf": "soon"}, {"email": ["hana@example.jp"]}, {"name": {"given": "Hana"}}, {"email_verified": "yes"}, {"sid": 7}, {"preferred_username": None}, {"email": 5, "name": []}):
            self.comes_in(**odd)

    def test_clocks_that_run_ahead(self):
        self.start()
        now = int(time.time())
        for ahead in (90, 240):
            self.comes_in(iat=now + ahead, exp=now + ahead + 300)
        answer = self.enter(iat=now + 3_600, exp=now + 7_200)
        self.assertEqual((answer.status // 100, answer.cause), (4, "external.outage"))
        fact = self.clocks(answer)
        self.assertEqual((fact["whose"], 3_590 <= fact["seconds"] <= 3_600), ("theirs", True))

    def clocks(self, answer):
        told = json.loads(self.server.run("why", answer.reference, "--json").stdout)
        return next(fact for fact in told["evidence"] if fact["fact"] == "clocks_differ")

    def test_our_own_clock(self):
        other = Issuer()
        self.addCleanup(other.close)
        library = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")[0]
        for others in (0, 1):
            settings = self.issuer.settings("corp") + (other.settings("club") if others else "")
            with Server(database=self.url, toml=settings, env={"LD_PRELOAD": library, "FAKETIME": "-600s"}) as self.server:
                if others:
                    self.assertEqual(Traveller(self.server).start("club").status, 303)
                answer = self.enter()
                fact = self.clocks(answer)
                self.assertEqual((fact["whose"], 590 <= fact["seconds"] <= 610), ("ours" if others else "unknown", True))
                if others:
                    self.assertEqual((answer.cause, "restart_flow" in answer.text), ("external.config", False))

    def test_tenants(self):
        shared = "https://login.example/{tenantid}/v2.0"
        self.issuer.more = {"issuer": shared}
        self.start('tenants = ["11111111-aaaa"]\n')
        self.comes_in(iss="https://login.example/11111111-aaaa/v2.0", tid="11111111-aaaa")
        for iss, tid in (("https://login.example/2222/v2.0", "2222"), ("https://login.example/2222/v2.0", "11111111-aaaa"), (shared, None), ("https://login.example/11111111-aaaa/v2.0", None)):
            answer = self.enter(iss=iss, tid=tid)
            self.assertEqual((answer.status // 100, answer.cause), (4, "external.config"), (iss, tid))

    def push(self, head, **claims):
        """A logout token; the status of the answer."""
        now = int(time.time())
        claims = {"iat": now, "exp": now + 120, "jti": uuid.uuid4().hex, "sub": "1", "events": {LOGOUT: {}}, **claims}
        self.issuer.head = head
        return Browser(self.server).post("/sign-in/corp/events", {"logout_token": self.issuer.token(**claims)}).status

    def test_logout_tokens(self):
        self.start()
        now = int(time.time())
        for head in ({"typ": "logout+jwt"}, {"typ": "JWT"}, {"typ": None}, {"typ": "application/logout+jwt"}):
            self.assertEqual(self.push(head), 200, head)
        for head in ({"typ": "at+jwt"}, {"typ": "secevent+jwt"}, {"typ": "id_token+jwt"}, {"alg": "none"}, {"kid": "other"}):
            self.assertEqual(self.push(head), 400, head)
        for claims in ({"iat": now - 180}, {"iat": now + 3_600}, {"exp": now - 400}, {"nonce": "n"}, {"sub": None}, {"jti": None}, {"aud": "d"}, {"iss": "https://evil.example"}, {"events": None}, {"iat": None}):
            self.assertEqual(self.push({"typ": "logout+jwt"}, **claims), 400, claims)
        self.assertEqual(self.push({"typ": "logout+jwt"}, iat=now - 60), 200)

    def test_logout_tokens_of_a_tenant(self):
        self.issuer.more = {"issuer": "https://login.example/{tenantid}/v2.0"}
        self.start('tenants = ["11111111-aaaa"]\n')
        mine = {"iss": "https://login.example/11111111-aaaa/v2.0", "tid": "11111111-aaaa"}
        self.assertEqual(self.push({"typ": "logout+jwt"}, **mine), 200)
        self.assertEqual(self.push({"typ": "logout+jwt"}, iss="https://login.example/2222/v2.0", tid="2222"), 400)

    def test_tenants_that_no_setting_allows_are_told_as_our_setting(self):
        self.issuer.more = {"issuer": "https://login.example/{tenantid}/v2.0"}
        self.start()
        self.assertEqual(Traveller(self.server).start("corp").cause, "external.config")
        self.assertIn("tenants", self.server.run("doctor", check=False).stdout)

    def test_an_address_in_other_letters_is_kept_as_it_is(self):
        self.start()
        page = self.comes_in(email="hana@例え.jp")
        self.assertIn("hana@例え.jp", page.text)

    def test_a_signed_profile(self):
        self.start()
        i = self.issuer
        i.said["/me"] = i.token(sub="1", email="hana@example.jp", email_verified=True)
        self.assertIn("h•••@e•••.jp", self.comes_in(email=None, email_verified=None).text)
        # Signed by another, of another or for another it is no profile; who it is stands in the ID token.
        i.said["/me"] = i.token(sub="1", email="hana@example.jp", aud="d")
        self.assertNotIn("h•••@e•••.jp", self.comes_in(email=None, email_verified=None).text)
        i.said["/me"] = i.token(sub="1", email="hana@example.jp")[:-8] + "AAAAAAAA"
        self.assertNotIn("h•••@e•••.jp", self.comes_in(email=None, email_verified=None).text)


@on_both
class Clubs(OnBoth):
    """Services with OAuth 2.0 and a profile of their own shape."""

    def setUp(self):
        self.issuer = Issuer()
        self.addCleanup(self.issuer.close)
        self.url = new_postgres() if self.database == "postgres" else None

    def start(self, more=""):
        there = self.issuer.url
        toml = f'[[providers]]\nid = "club"\nkind = "oauth2"\nname = "Club"\nclient_id = "c"\nauthorize_url = "{there}/authorize"\ntoken_url = "{there}/token"\nuserinfo_url = "{there}/me"\n{more}'
        self.server = Server(database=self.url, toml=toml)
        self.addCleanup(self.server.__exit__)

    def enter(self):
        b = Traveller(self.server)
        state = query(b.start("club").header("Location"))["state"]
        return b.get(f"/sign-in/club/callback?code=x&state={state}")

    def test_profiles_are_read_where_the_settings_say(self):
        shapes = [
            ('subject = "data.0.id"\n', {"data": [{"id": "141981764", "login": "hana"}]}),
            ('subject = "response.id"\nemail = "response.mail"\n', {"resultcode": "00", "response": {"id": "naver-1", "mail": "hana@example.jp"}}),
            ('subject = "id"\n', {"id": 583231, "login": "octocat"}),
            ('subject = "0.user.id"\n', [{"user": {"id": 7}}]),
        ]
        for more, profile in shapes:
            with self.subTest(more):
                self.issuer.said["/me"] = profile
                self.start(more)
                answer = self.enter()
                self.assertEqual(answer.status, 303, (answer.cause, answer.text[-500:]))

    def test_a_service_that_wants_to_know_once_more_who_asks(self):
        self.issuer.said["/me"] = {"data": [{"id": "1"}]}
        self.start('subject = "data.0.id"\n')
        self.assertEqual(self.enter().status, 303)
        self.assertEqual(self.issuer.heads[-1].get("client-id"), "c")

    def test_errors_inside_a_200(self):
        said = [
            ("/token", {"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."}),
            ("/token", {"error": {"message": "This authorization code has expired.", "type": "OAuthException", "code": 100}}),
            ("/token", {"ok": False, "error": "invalid_code"}),
            ("/token", {"error": 40029}),
            ("/token", {"errcode": 40163, "errmsg": "code been used, rid: 1"}),
            ("/token", {"errors": ["invalid code"]}),
            ("/token", {"message": "invalid authorization code"}),
            ("/token", {"success": False, "error_code": 77}),
            ("/token", b"error=bad_verification_code&error_description=The+code+passed+is+incorrect+or+expired."),
            ("/me", {"errcode": 40001, "errmsg": "invalid credential"}),
            ("/me", {"ok": False, "error": "token_revoked"}),
            ("/me", {"error": {"code": 190, "message": "Error validating access token"}}),
            ("/me", {"errors": [{"message": "no", "code": 89}]}),
            ("/me", {"message": "Bad credentials"}),
        ]
        self.start()
        for path, value in said:
            with self.subTest(path=path, value=str(value)):
                self.issuer.said = {path: value}
                answer = self.enter()
                self.assertGreaterEqual(answer.status, 400)
                self.assertNotEqual(answer.status, 503, answer.text[-300:])
                told = self.server.run("why", answer.reference, "--json").stdout
                code = "bad_verification_code" if isinstance(value, bytes) else value.get("error", value.get("errcode", value.get("error_code")))
                if isinstance(code, (str, int)):
                    self.assertIn(str(code), told)
                self.assertNotEqual(answer.cause, "external.outage", (value, told))
                if "code" in str(value) and "expired" in str(value) or "used" in str(value):
                    self.assertEqual(answer.cause, "external.handshake", (value, told))

    def test_an_answer_in_the_shape_of_a_form(self):
        self.issuer.said = {"/token": b"access_token=a&scope=&token_type=bearer", "/me": {"id": 583231, "login": "octocat"}}
        self.start()
        self.assertEqual(self.enter().status, 303)
