"""The OpenAPI document and the answers, field by field: what is answered is described, what is described is answered."""

import unittest

import jsonschema

from client import Browser
from platform_test import FAST, until
from support import OnBoth, on_both

PASSWORD = "correct horse battery"
NEW = "another horse battery"


def strict(schema, part=False):
    """The same where no member may come that is not described. A part of a whole leaves that to the whole."""
    if isinstance(schema, list):
        return [strict(one, part) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shown = {key: value if key == "enum" else strict(value, key == "allOf") for key, value in schema.items()}
    if not part and ("properties" in schema or "allOf" in schema):
        shown["unevaluatedProperties"] = False
    return shown


@on_both
class Described(OnBoth):
    toml = FAST

    def setUp(self):
        super().setUp()
        self.browser = Browser(self.server)
        self.document = self.browser.get("/api/v1/openapi.json").json
        self.seen = set()

    def schema(self, path, method, status):
        answers = self.document["paths"][path][method]["responses"]
        self.assertIn(str(status), answers, (method, path))
        answer = answers[str(status)]
        if "$ref" in answer:
            answer = self.document["components"]["responses"][answer["$ref"].split("/")[-1]]
        # The shapes of Statuspage's API are described there.
        content = answer.get("content", {"": {"schema": None}})
        return next(iter(content.values())).get("schema", {})

    def call(self, method, path, body=None, as_described=None, status=None, browser=None, **headers):
        """Calls a path and holds the answer against what is described of it."""
        described = as_described or path
        answer = (browser or self.browser).api(method.upper(), path, body, **headers)
        if status:
            self.assertEqual(answer.status, status, answer.text[:800])
        schema = self.schema(described, method, answer.status)
        if schema is None:
            self.assertEqual(answer.text, "", (method, path))
        else:
            # References are looked for in the document that they stand in; those of its parts are strict, too.
            whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": {"schemas": self.loose()}, **strict(schema)}
            jsonschema.validate(answer.json, whole, cls=jsonschema.Draft202012Validator)
            self.note(answer.json, described)
        return answer

    def loose(self):
        """The parts: strict, but where another part adds members to them."""
        parts = self.document["components"]["schemas"]
        extended = {part["$ref"].split("/")[-1] for schema in parts.values() for part in schema.get("allOf", []) if "$ref" in part}
        shown = {name: strict(schema) for name, schema in parts.items()}
        for name in extended:
            shown[name].pop("unevaluatedProperties", None)
        return shown

    def note(self, value, at):
        if isinstance(value, dict):
            for name, member in value.items():
                self.seen.add(name)
                self.note(member, at)
        elif isinstance(value, list):
            for member in value:
                self.note(member, at)

    def test_every_answer_has_the_members_that_are_described(self):
        s, b = self.server, self.browser
        flow = self.call("post", "/api/v1/sign-up", {"login_id": "hana", "email": "hana@example.jp", "password": PASSWORD}, status=202).json["flow"]
        self.call("post", "/api/v1/sign-up", {"login_id": "", "email": "x", "password": "1"}, status=422)
        self.call("post", "/api/v1/sign-up/verify", {"flow": flow, "code": "000000"}, status=401)
        self.call("post", "/api/v1/sign-up/verify", {"flow": flow, "code": s.code("hana@example.jp")}, status=201)
        self.call("post", "/api/v1/sign-up", {"login_id": "hana", "email": "x@example.jp", "password": PASSWORD}, status=409)
        wrong = self.call("post", "/api/v1/sign-in", {"login": "hana", "password": "wrong one"}, status=401).json
        self.call("get", f"/api/v1/attempts/{wrong['reference']}", as_described="/api/v1/attempts/{reference}", status=200)
        self.call("get", "/api/v1/attempts/AAAA-2222", as_described="/api/v1/attempts/{reference}", status=404)
        self.call("get", "/api/v1/session", status=401)
        token = self.call("post", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD, "token": True}, status=200).json["session"]["token"]
        self.call("get", "/api/v1/session", status=200, browser=Browser(s), Authorization=f"Bearer {token}")
        self.call("post", "/api/v1/sign-in", {"login": "hana", "password": PASSWORD, "remember": True}, status=200)
        # From a device that the account knows now, and without end.
        for n in range(12):
            locked = self.call("post", "/api/v1/sign-in", {"login": "hana", "password": f"wrong {n}"})
        self.assertEqual(locked.status, 429)
        self.call("delete", "/api/v1/session", status=204)
        before = s.code("hana@example.jp")
        flow = self.call("post", "/api/v1/recover", {"email": "hana@example.jp"}, status=202).json["flow"]
        until(lambda: s.code("hana@example.jp") != before, 20)
        code = s.code("hana@example.jp")
        self.call("post", "/api/v1/recover/code", {"flow": flow, "code": code}, status=200)
        self.call("post", "/api/v1/recover/password", {"flow": flow, "password": "1"}, status=422)
        self.call("post", "/api/v1/recover/password", {"flow": flow, "password": NEW}, status=200)
        self.call("post", "/api/v1/recover/password", {"flow": flow, "password": NEW}, status=410)
        # What staff tells, and what everybody reads of it.
        self.call("get", "/api/v1/staff/notices", status=401)
        s.account("taro")
        s.run("account", "grant", "taro")
        staff = Browser(s)
        self.assertEqual(staff.sign_in("taro", PASSWORD).status, 303)
        notice = {"kind": "incident", "title": "止まっています", "title_en": "Down", "message": "調べています", "message_en": "Looking", "impact": "major", "components": ["password"]}
        made = self.call("post", "/api/v1/staff/notices", notice, status=201, browser=staff).json
        self.call("get", "/api/v1/staff/notices", status=200, browser=staff)
        update = {"status": "resolved", "message": "直りました", "message_en": "Mended"}
        key = made.get("id") or made["notice"]["id"]
        self.call("post", f"/api/v1/staff/notices/{key}", update, as_described="/api/v1/staff/notices/{id}", status=200, browser=staff)
        work = {"kind": "maintenance", "title": "作業", "message": "作業します", "mode": "read_only", "begins_at": "2099-01-01T00:00:00Z", "ends_at": "2099-01-01T01:00:00Z"}
        self.call("post", "/api/v1/staff/notices", work, status=201, browser=staff)
        self.call("get", "/api/v1/staff/notices", status=200, browser=staff)
        for path in self.document["paths"]:
            if path.startswith("/api/v2/"):
                self.call("get", path, status=200)
        # What no answer brought is described for nothing. How others fare is told only when there are others.
        rare = {"others"}
        described = set()

        def names(schema):
            if isinstance(schema, dict):
                described.update(schema.get("properties", {}))
                for part in schema.values():
                    names(part)
            elif isinstance(schema, list):
                for part in schema:
                    names(part)

        names(self.document["components"]["schemas"])
        for methods in self.document["paths"].values():
            for operation in methods.values():
                names(operation["responses"])
        self.assertEqual(described - self.seen - rare, set())


if __name__ == "__main__":
    unittest.main()
