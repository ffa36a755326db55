import assert from "node:assert/strict";
import type { RelaySettings, SourceSecret } from "../../runtime/contract";
import { isLocalHost } from "../../runtime/data/source/local-address";
import { redact, sourceRequest } from "../../runtime/data/source/request";
import { relaySettings } from "./harness";

type Source = Partial<RelaySettings["source"]>;

const build = (secret: Partial<SourceSecret>, source: Source = {}, position?: string) =>
  sourceRequest(
    { url: "https://stream.example", path: "/{streamId}", ...secret },
    relaySettings({ source }).source,
    "a:b",
    position,
  );

describe("the request to a source", () => {
  it("replaces {streamId} in path, query, headers and body, encoded for each", () => {
    const { url, headers, body } = build(
      {
        path: "/v1/{streamId}",
        query: { id: "[{streamId}]" },
        headers: { "X-Stream": "s-{streamId}" },
        body: '{"subscribe":["x","{streamId}"],"depth":5}',
      },
      { method: "POST" },
    );
    assert.equal(url.href, "https://stream.example/v1/a%3Ab?id=%5Ba%3Ab%5D");
    assert.equal(headers["x-stream"], "s-a:b");
    assert.equal(headers["content-type"], "application/json");
    assert.equal(body, '{"subscribe":["x","a:b"],"depth":5}');
  });

  it("sends a text body as text, and lets a header name its type", () => {
    const text = build({ body: "SUBSCRIBE {streamId}" }, { method: "PUT" });
    assert.deepEqual([text.method, text.body], ["PUT", "SUBSCRIBE a:b"]);
    assert.equal(text.headers["content-type"], "text/plain; charset=utf-8");
    const typed = build({ body: "a=1", headers: { "Content-Type": "application/x-www-form-urlencoded" } });
    assert.equal(typed.headers["content-type"], "application/x-www-form-urlencoded");
  });

  it("puts the position into the body without changing its structure, and leaves its member out without one", () => {
    const body = '{"create":{"key":"{streamId}","from":"{position}"},"list":["{position}",1]}';
    const resume = { kind: "body", pointer: "/id" } as const;
    assert.equal(
      build({ body }, { method: "POST", resume }, '5","admin":"x').body,
      JSON.stringify({ create: { key: "a:b", from: '5","admin":"x' }, list: ['5","admin":"x', 1] }),
    );
    assert.equal(build({ body }, { method: "POST", resume }).body, '{"create":{"key":"a:b"},"list":[1]}');
  });

  it("sends a template of the position in a query parameter, a header or the body", () => {
    const options = { template: "[{position}]", pointer: "/id" };
    assert.equal(
      build({}, { resume: { kind: "query", name: "since", ...options } }, "7").url.searchParams.get("since"),
      "[7]",
    );
    assert.equal(build({}, { resume: { kind: "header", name: "X-From", ...options } }, "7").headers["x-from"], "[7]");
    const inBody = build({ body: "{position}" }, { resume: { kind: "body", ...options } }, "7");
    assert.equal(inBody.body, "[7]");
  });

  it("sends a position as it is, also one with placeholders and replacement patterns", () => {
    const position = "$& {streamId} {position} $1";
    const query = build({}, { resume: { kind: "query", name: "since", template: "from {position}" } }, position);
    assert.equal(query.url.searchParams.get("since"), `from ${position}`);
    const body = build({ body: '{"from":"{position}"}' }, { method: "POST", resume: { kind: "body" } }, position);
    assert.deepEqual(JSON.parse(body.body!), { from: position });
    const text = build({ body: "from {position}" }, { method: "POST", resume: { kind: "body" } }, position);
    assert.equal(text.body, `from ${position}`);
  });

  it("sends user:password as Basic, from the key or from the URL, and never in the URL", () => {
    const pair = `Basic ${Buffer.from("ann:pass:wörd").toString("base64")}`;
    assert.equal(build({ key: "ann:pass:wörd" }, { auth: { kind: "basic" } }).headers.authorization, pair);
    const { url, headers } = build({ url: "https://ann:pass%3Aw%C3%B6rd@stream.example" });
    assert.equal(headers.authorization, pair);
    assert.equal(url.href, "https://stream.example/a%3Ab");
  });

  it("refuses a key together with a user in the URL, without showing either", () => {
    assert.throws(
      () => build({ url: "https://ann:hidden-one@stream.example", key: "hidden-two" }),
      ({ code, message }) => code === "CONFIG_INVALID" && !/hidden/.test(message),
    );
  });

  it("redacts the parts of a Basic credential, the query and the body", () => {
    const request = build({ url: "https://ann:swordfish@stream.example", query: { t: "token-1" }, body: "body-text" });
    const text = redact("swordfish token-1 body-text stream.example", request.secrets);
    assert.equal(text, "*** *** *** ***");
  });

  it("refuses a credential over http, unless it is allowed or the host is this machine", () => {
    const http = { url: "http://stream.example", key: "secret-key" };
    assert.throws(() => build(http), /allowInsecureHttp/);
    assert.throws(() => build({ url: "http://ann:pass@stream.example" }), /allowInsecureHttp/);
    assert.ok(build(http, { allowInsecureHttp: true }).headers.authorization);
    assert.ok(build({ ...http, url: "http://127.0.0.1:8080" }).headers.authorization);
    assert.ok(build({ url: "http://stream.example" }));
  });

  it("recognises loopback and link-local hosts", () => {
    const local = ["localhost", "a.localhost", "127.9.9.9", "[::1]", "0.0.0.0", "169.254.169.254", "[fe80::1]"];
    assert.deepEqual(
      [...local, "[::ffff:127.0.0.1]", "[fd00:ec2::254]"].filter((host) => !isLocalHost(host)),
      [],
    );
    assert.deepEqual(["example.com", "10.0.0.1", "8.8.8.8", "[2001:db8::1]"].filter(isLocalHost), []);
  });
});
