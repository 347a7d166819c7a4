"""`return_to` with every trick that some browser or proxy reads as another place: dropped, no redirect there."""

import unittest
import urllib.parse

from client import Browser, Town, Traveller
from support import OnBoth, new_postgres, on_both

PASSWORD = "practice makes keys"
BAD = (
    "//evil.example", "///evil.example", "https://evil.example", "HTTPS://evil.example", "https:evil.example", "https:/evil.example", "http:\\\\evil.example",
    "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b",
    "/..;/evil", "/a/..;/..;/b", "/a/../../b", "/./b", "/a/%2e%2e/b", "/%2e%2E/b", "/%252e%252e/b", "/%2fevil.example", "/%2Fevil.example", "/%252fevil.example",
    "/%5cevil.example", "/%09/evil.example", "/%0d%0aLocation:x", "/@evil.example", "/a@evil.example", "@evil.example", ".evil.example", "evil.example",
    "/a#b", "/#//evil.example", "/．．/b", "/。。/b", "／evil.example", "/／evil.example", "/\u2025/b", "/a\u202eb", " //evil.example", "/ /evil.example",
    "javascript:alert(1)", "JavaScript://%0aalert(1)", "data:text/html,x", "/a//b", "/sign-out", "/SIGN-OUT", "/sign-in/x", "/a;b", "/a%3b/b", "/a\0b", "/" + "a" * 3000,
)


@on_both
class OpenRedirect(OnBoth):
    def setUp(self):
        self.url = new_postgres() if self.database == "postgres" else None
        self.server = Town(database=self.url)
        self.addCleanup(self.server.__exit__)

    def test_every_door_drops_it(self):
        s = self.server
        known = Traveller(s)
        self.assertEqual(known.sign_in("hana", PASSWORD).status, 303)
        for n, bad in enumerate(BAD):
            typed = urllib.parse.quote(bad, safe="")
            # Somebody who is in is sent on at once, or not at all.
            page = known.get(f"/sign-in?return_to={typed}")
            self.assertEqual((page.status, page.header("Location")), (200, None), repr(bad))
            self.assertEqual(known.post("/language", {"lang": "ja", "from": bad}).header("Location") in ("/", None, "/sign-out", "/SIGN-OUT", "/sign-in/x"), True, repr(bad))
            stranger = Browser(s)
            for path in ("/sign-in", "/sign-up", "/recover", "/unlock", "/login", "/check"):
                page = stranger.get(f"{path}?return_to={typed}")
                while page.status == 303:
                    self.assertTrue(page.header("Location").startswith("/"), page.header("Location"))
                    self.assertNotIn("return_to", page.header("Location"), repr(bad))
                    page = stranger.follow(page)
                hidden = [form["fields"]["return_to"] for form in page.page.forms if form["fields"].get("return_to")]
                self.assertEqual(hidden, [], (path, repr(bad)))
            header = bad.encode().decode("latin-1").translate({9: 32, 10: 32, 13: 32, 0: 32})
            self.assertNotIn("return_to", stranger.get("/auth/check", **{"X-Forwarded-Uri": header}).header("Location"), repr(bad))
            if n % 6 == 0:
                self.assertEqual(Traveller(s).sign_in("hana", PASSWORD, return_to=bad).header("Location"), "/", repr(bad))
                self.assertEqual(Traveller(s).go("google", "hana", return_to=bad).header("Location"), "/", repr(bad))


if __name__ == "__main__":
    unittest.main()
