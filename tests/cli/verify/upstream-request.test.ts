import assert from "node:assert/strict";
import { upstreamRequest } from "../../../cli/verify/upstream-request";
import type { AuthSettings, RelaySettings } from "../../../runtime/contract";

const source = (auth: AuthSettings = { kind: "bearer" }): RelaySettings["source"] => ({
  format: "sse",
  auth,
  resume: { kind: "last-event-id" },
  idleTimeoutMs: 60_000,
  on: [],
  end: "reconnect",
  webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 } },
});

describe("upstreamRequest", () => {
  it("builds the deployment's request: the encoded id in the path, its format and its kind of credential", () => {
    const { url, headers } = upstreamRequest("https://host/v1/{streamId}/prices", "hush-hush", "a:b@c", source());
    assert.equal(url.href, "https://host/v1/a%3Ab%40c/prices");
    assert.equal(headers.accept, "text/event-stream");
    assert.equal(headers.authorization, "Bearer hush-hush");
    assert.equal(headers["last-event-id"], undefined);
    const named = upstreamRequest("https://host/", "hush-hush", "a", source({ kind: "header", name: "X-Key" }));
    assert.deepEqual([named.headers["x-key"], named.headers.authorization], ["hush-hush", undefined]);
  });

  it("puts the id into the query and keeps repeated parameters", () => {
    const { url } = upstreamRequest("https://host?ids={streamId}&f=a@1&f=b", undefined, "EUR_USD", source());
    assert.equal(url.href, "https://host/?ids=EUR_USD&f=a@1&f=b");
  });

  it("names host, path, key and query values as secrets", () => {
    const { secrets } = upstreamRequest(
      "https://host.example/hidden/{streamId}?token=t0ken",
      "hush-hush",
      "a",
      source(),
    );
    for (const secret of ["host.example", "/hidden/", "hush-hush", "t0ken"])
      assert.ok(
        secrets.some((value) => value.includes(secret)),
        secret,
      );
  });

  for (const url of [
    "host/v1",
    "ftp://host/v1?k=t0ken",
    "https://user:t0ken@host/v1",
    "https://host/v1#t0ken",
    "https://host/{stream}?k=t0ken",
    "https://host/{streamId?k=t0ken",
    "http://ho st/?k=t0ken",
  ])
    it(`rejects ${url.replace("t0ken", "…")} without showing it`, () => {
      assert.throws(
        () => upstreamRequest(url, undefined, "a", source()),
        (error: Error & { code: string }) => {
          assert.equal(error.code, "UPSTREAM_INVALID");
          assert.doesNotMatch(error.message, /t0ken|host\//);
          return true;
        },
      );
    });

  it("rejects a key that is not a valid header value, without showing it", () => {
    assert.throws(() => upstreamRequest("https://host/", "hush\nhush", "a", source()), {
      message: /^The request for --upstream cannot be built: Expected the source's key to be a valid header value/,
    });
  });
});
