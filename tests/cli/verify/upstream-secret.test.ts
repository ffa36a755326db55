import assert from "node:assert/strict";
import { upstreamSecret } from "../../../cli/verify/upstream-secret";
import type { RelaySettings } from "../../../runtime/contract";
import { sourceRequest } from "../../../runtime/data/source/request";
import { relaySettings } from "../../data/harness";

const { source } = relaySettings({ source: { format: "sse" } });
const request = (url: string, key: string | undefined, streamId: string, settings: RelaySettings["source"] = source) =>
  sourceRequest(upstreamSecret({ url, key }, streamId, settings).secret, settings, streamId, undefined);

describe("upstreamSecret", () => {
  it("builds the deployment's request: the encoded id in the path, its format and its kind of credential", () => {
    const { url, headers } = request("https://host/v1/{streamId}/prices", "hush-hush", "a:b@c");
    assert.equal(url.href, "https://host/v1/a%3Ab%40c/prices");
    assert.equal(headers.accept, "text/event-stream");
    assert.equal(headers.authorization, "Bearer hush-hush");
    assert.equal(headers["last-event-id"], undefined);
    const auth = { kind: "header", name: "X-Key" } as const;
    const named = request("https://host/", "hush-hush", "a", { ...source, auth });
    assert.deepEqual([named.headers["x-key"], named.headers.authorization], ["hush-hush", undefined]);
  });

  it("puts the id into the query and keeps repeated parameters", () => {
    const { url } = request("https://host?ids={streamId}&f=a@1&f=b", undefined, "EUR_USD");
    assert.equal(url.href, "https://host/?ids=EUR_USD&f=a@1&f=b");
  });

  it("hides the values of the query", () => {
    const { hidden } = upstreamSecret({ url: "https://host/{streamId}?token=t0ken&n=1" }, "a", source);
    assert.deepEqual(hidden, ["t0ken"]);
  });

  it("takes further members from a file, with the URL and the key in their place", () => {
    const file = JSON.stringify({ url: "https://other", path: "/", key: "old", body: "{}", tls: { ca: "PEM" } });
    const { secret } = upstreamSecret({ url: "wss://host/{streamId}", key: "new", file }, "a", source);
    assert.deepEqual(secret, { url: "wss://host", path: "/{streamId}", key: "new", body: "{}", tls: { ca: "PEM" } });
    assert.deepEqual(upstreamSecret({ file }, "a", source).secret, JSON.parse(file));
  });

  for (const [file, message] of [
    ["t0ken", /JSON object with members of the source's secret/],
    ['["t0ken"]', /JSON object with members of the source's secret/],
    ['{"headers":{"a":["t0ken"]}}', /an object of strings as "headers"/],
    ["{}", /a JSON object with "url" and "path"/],
  ] as const)
    it(`rejects the file ${file.replace("t0ken", "…")} without showing it`, () => {
      assert.throws(
        () => upstreamSecret({ file, ...(file !== "{}" && { url: "https://host" }) }, "a", source),
        (error: Error & { code: string }) => {
          assert.equal(error.code, "UPSTREAM_INVALID");
          assert.match(error.message, message);
          return !error.message.includes("t0ken");
        },
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
        () => upstreamSecret({ url }, "a", source),
        (error: Error & { code: string }) => {
          assert.equal(error.code, "UPSTREAM_INVALID");
          assert.doesNotMatch(error.message, /t0ken|host\//);
          return true;
        },
      );
    });

  it("rejects a key that is not a valid header value, without showing it", () => {
    assert.throws(() => upstreamSecret({ url: "https://host/", key: "hush\nhush" }, "a", source), {
      message:
        /^The request of the second connection cannot be built: Expected the source's key to be a valid header value/,
    });
  });
});
