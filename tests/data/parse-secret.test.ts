import assert from "node:assert/strict";
import { parseSecret } from "../../runtime/data/source/parse-secret";

const REQUIRED = { url: "https://upstream.example", path: "/v1" };

describe("the JSON of the source's secret", () => {
  it("contains all secret parts of a source; other members are ignored; a null is left out", () => {
    const secret = {
      ...REQUIRED,
      ...{ key: "k", headers: { a: "b" }, query: { c: "d" }, messages: ["m"], body: '{"a":1}' },
      oauth2: { tokenUrl: "https://login.example/token", clientId: "relay" },
      ...{ tls: { ca: "PEM", cert: "PEM", key: "PEM" }, proxy: "http://proxy.example:3128" },
    };
    assert.deepEqual(parseSecret(JSON.stringify({ ...secret, rotatedAt: 5 })), { ...secret, rotatedAt: 5 });
    assert.deepEqual(parseSecret(JSON.stringify({ ...REQUIRED, key: null })), REQUIRED);
  });

  const cases: [unknown, RegExp][] = [
    ["hidden", /a JSON object with "url" and "path"/],
    [["hidden"], /a JSON object/],
    [{ url: "hidden" }, /a JSON object/],
    [{ ...REQUIRED, url: 5 }, /a string as "url"/],
    [{ ...REQUIRED, key: { hidden: 1 } }, /a string as "key"/],
    [{ ...REQUIRED, headers: { hidden: 1 } }, /an object of strings as "headers"/],
    [{ ...REQUIRED, query: ["hidden"] }, /an object of strings as "query"/],
    [{ ...REQUIRED, messages: "hidden" }, /a list of strings as "messages"/],
    [{ ...REQUIRED, messages: [{ hidden: 1 }] }, /a list of strings as "messages"/],
    [{ ...REQUIRED, body: { hidden: 1 } }, /a string, also for JSON, as "body"/],
    [{ ...REQUIRED, oauth2: { tokenUrl: "hidden", clientId: "a" } }, /the URL `tokenUrl`/],
    [{ ...REQUIRED, oauth2: { tokenUrl: "https://hidden.example" } }, /the string `clientId` as "oauth2"/],
    [{ ...REQUIRED, tls: "hidden" }, /an object with the strings `ca`, `cert` and `key` as "tls"/],
    [{ ...REQUIRED, proxy: "hidden" }, /a URL as "proxy"/],
  ];
  for (const [secret, message] of cases)
    it(`is refused with the member's name and without its value: ${message.source}`, () => {
      assert.throws(
        () => parseSecret(JSON.stringify(secret)),
        (error: Error & { code: string }) => {
          assert.equal(error.code, "CONFIG_INVALID");
          assert.match(error.message, message);
          return !error.message.includes("hidden");
        },
      );
    });

  it("is refused when it is not JSON, without showing it", () => {
    assert.throws(
      () => parseSecret("hidden {"),
      ({ message }) => !message.includes("hidden"),
    );
  });
});
