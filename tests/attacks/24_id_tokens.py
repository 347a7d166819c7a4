"""ID tokens: `none`, HS256 with a public key, wrong aud, iss, typ, nonce, `jku`, `kid` tricks: refused."""

import hashlib
import hmac
import unittest

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from client import Traveller
from issuer import AtIssuer, b64
from support import on_both


@on_both
class IdTokens(AtIssuer):
    def test_every_forgery_is_refused_and_no_foreign_key_is_fetched(self):
        i = self.issuer
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        foreign = lambda text: other.sign(text, padding.PKCS1v15(), hashes.SHA256())
        n = other.public_key().public_numbers().n.to_bytes(256, "big")
        jwk = {"kty": "RSA", "kid": "evil", "alg": "RS256", "n": b64(n), "e": "AQAB"}
        pem = i.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        shared = lambda key: lambda text: hmac.new(key, text, hashlib.sha256).digest()
        forged = [
            ({"alg": "none"}, lambda text: b"", {}), ({"alg": "NONE", "kid": None}, lambda text: b"", {}), ({"alg": "nOnE"}, i.rs256, {}),
            ({"alg": "HS256"}, shared(pem), {}), ({"alg": "HS256"}, shared(i.modulus()), {}), ({"alg": "HS256"}, shared(b""), {}),
            ({"alg": "RS256"}, foreign, {}), ({"alg": "PS256"}, i.rs256, {}), ({"alg": "RS256"}, lambda text: b"", {}),
            ({"kid": "evil", "jwk": jwk}, foreign, {}), ({"kid": "evil", "jku": f"{i.url}/evil-keys"}, foreign, {}), ({"kid": "evil", "x5u": f"{i.url}/evil-keys"}, foreign, {}),
            ({"kid": "../../../../dev/null"}, shared(b""), {}), ({"kid": "../../../../dev/null", "alg": "HS256"}, shared(b""), {}),
            ({"kid": "k' OR '1'='1"}, foreign, {}), ({"kid": "k\0"}, i.rs256, {}), ({"kid": "K"}, i.rs256, {}), ({"kid": f"{i.url}/evil-keys"}, foreign, {}),
            ({}, None, {"aud": "d"}), ({}, None, {"aud": None}), ({}, None, {"aud": ["d"]}), ({}, None, {"aud": ["c", "d"]}), ({}, None, {"azp": "d"}),
            ({}, None, {"iss": "https://evil.example"}), ({}, None, {"iss": i.url.upper()}), ({}, None, {"iss": None}),
            ({}, None, {"nonce": "another"}), ({}, None, {"nonce": None}), ({}, None, {"nonce": ""}),
            ({}, None, {"exp": 1}), ({}, None, {"exp": None}), ({}, None, {"iat": 99999999999}), ({}, None, {"nbf": 99999999999}), ({}, None, {"sub": None}), ({}, None, {"sub": ""}),
            ({}, None, {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
        ]
        for head, sign, claims in forged:
            with self.subTest(head=str(head)[:60], claims=str(claims)):
                b = Traveller(self.server)
                answer = i.come_back(b, "corp", head=head, sign=sign, **{"sub": "1", "email": "hana@example.jp", "email_verified": True, **claims})
                self.assertEqual(answer.status // 100, 4)
                self.assertIn(answer.cause, ("external.handshake", "external.outage", "external.config"))
                self.assertEqual(b.get("/auth/check").status, 401)
        self.assertEqual([path for path in i.asked if "evil" in path], [])
        # Ours is taken all the same.
        right = i.come_back(Traveller(self.server), "corp", sub="1", email="hana@example.jp", email_verified=True)
        self.assertEqual(right.status, 303, right.cause)

    def test_a_token_of_another_type_is_no_id_token(self):
        for typ in ("at+jwt", "application/at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt"):
            with self.subTest(typ):
                answer = self.issuer.come_back(Traveller(self.server), "corp", head={"typ": typ}, sub="1")
                self.assertEqual(answer.status // 100, 4)


if __name__ == "__main__":
    unittest.main()
