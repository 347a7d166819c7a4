"""`X-Forwarded-For` spoofed, as a list, IPv6 rotation: limits hold, no policy is skipped."""

import unittest

from client import Browser, Server
from support import OnBoth, new_postgres, on_both

TRIES = 5
TOML = f"[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n[throttle]\nnetwork_tries = {TRIES}\n"


@on_both
class ForwardedAddresses(OnBoth):
    toml = TOML

    def stuff(self, server, addresses, name):
        """One wrong password for another login from each of these; whether the network was stopped."""
        seen = [
            Browser(server, **(headers if isinstance(headers, dict) else {"X-Forwarded-For": headers})).sign_in(f"{name}-{n}", "x y z w v").status
            for n, headers in enumerate(addresses)
        ]
        self.assertLessEqual(set(seen), {401, 429}, seen)
        return 429 in seen

    def behind(self, *proxies):
        url = new_postgres() if self.database == "postgres" else None
        server = Server(*(word for net in proxies for word in ("--trusted-proxy", net)), database=url, toml=TOML)
        self.addCleanup(server.__exit__)
        return server

    def test_nobody_is_believed_who_is_not_trusted(self):
        several = [
            {name: value.replace("N", str(n))}
            for n, (name, value) in enumerate([
                ("X-Forwarded-For", "203.0.113.N"), ("X-Real-IP", "203.0.113.N"), ("Forwarded", "for=203.0.113.N"), ("X-Client-IP", "203.0.113.N"), ("True-Client-IP", "203.0.113.N"),
                ("CF-Connecting-IP", "203.0.113.N"), ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-For", "::1"), ("X-Forwarded-For", "x"), ("X-Forwarded-For", ""),
            ])
        ]
        self.assertTrue(self.stuff(self.server, several, "spoof"))
        # The operator's pages are no nearer by a header.
        for headers in ({"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "127.0.0.1, 203.0.113.7"}):
            self.assertEqual(Browser(self.server, **headers).get("/metrics").status, 404, headers)

    def test_a_trusted_proxy_vouches_for_its_own_client_alone(self):
        server = self.behind("127.0.0.1/32", "10.0.0.0/8")
        # Whatever the client wrote before, the address that the proxy saw counts; so it does behind two of them.
        lists = [f"203.0.113.{n}, 198.51.100.7" for n in range(8)]
        self.assertTrue(self.stuff(server, lists, "lists"))
        lists = [f"10.0.0.{n}, 127.0.0.1, 203.0.113.{n}, 198.51.100.8, 10.1.2.{n}, 127.0.0.1" for n in range(8)]
        self.assertTrue(self.stuff(server, lists, "hops"))
        written = ["198.51.100.9", " 198.51.100.9 ", "198.51.100.9:1234", "198.51.100.9:4321", "::ffff:198.51.100.9", "[::ffff:198.51.100.9]:80", "::ffff:c633:6409", "198.51.100.9"]
        self.assertTrue(self.stuff(server, written, "spelled"))
        # What cannot be read is the proxy's own address, not another one each time.
        self.assertTrue(self.stuff(server, [f"unknown{n}" for n in range(8)], "garbage"))
        # One household's worth of IPv6 is one network.
        self.assertTrue(self.stuff(server, [f"2001:db8:1:2:{n:x}::{n:x}" for n in range(8)], "rotate"))
        self.assertFalse(self.stuff(server, [f"192.0.2.{n}" for n in range(8)], "others"))

    def test_a_whole_48_of_ipv6_has_a_limit_too(self):
        server = self.behind("127.0.0.1/32")
        many = [f"2001:db8:7:{n:x}::1" for n in range(TRIES * 20)]
        self.assertTrue(self.stuff(server, many, "wide"))


if __name__ == "__main__":
    unittest.main()
