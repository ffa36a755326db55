import assert from "node:assert/strict";
import { DECLARED_ROW, ZERO_COUNTERS } from "../../runtime/contract";
import { handleRequest, ROUTES } from "../../runtime/control/api/connection-api";
import { StreamError } from "../../runtime/support/errors";
import { deployment, liveRow, NOW, request } from "./api-fixture";

type ErrorBody = { code: string; message: string };

describe("connection API", () => {
  describe("start", () => {
    it("returns 202, writes the row and invokes one hop", async () => {
      const { deps, rows, invoked } = deployment();
      const { status, body } = await handleRequest(deps, request({ method: "POST" }));
      assert.equal(status, 202);
      assert.partialDeepStrictEqual(body, { streamId: "prices", desired: "open", status: "starting", live: false });
      assert.equal(rows.get("prices")?.desired, "open");
      assert.deepEqual(invoked, [{ v: 1, streams: [{ streamId: "prices" }] }]);
    });

    it("returns 200 for a live stream and changes nothing", async () => {
      const { deps, rows, invoked } = deployment(liveRow);
      const { status, body } = await handleRequest(deps, request({ method: "POST" }));
      assert.equal(status, 200);
      assert.partialDeepStrictEqual(body, { live: true, generation: 4 });
      assert.deepEqual(rows.get("prices"), liveRow);
      assert.deepEqual(invoked, []);
    });

    it("drops the checkpoint of a stopped stream on {resume: false}, and only then", async () => {
      const stopped = {
        streamId: "prices",
        desired: "closed",
        status: "closed",
        generation: 2,
        checkpoint: "41",
        counters: ZERO_COUNTERS,
      } as const;
      for (const [body, checkpoint] of [
        ['{"resume":false}', undefined],
        ['{"resume":true}', "41"],
        ["", "41"],
        ["{}", "41"],
        [" \n", "41"],
      ]) {
        const { deps, rows } = deployment({ ...stopped, desiredVersion: 0 });
        const { status } = await handleRequest(deps, request({ method: "POST", body }));
        assert.equal(status, 202);
        assert.equal(rows.get("prices")?.checkpoint, checkpoint, body);
      }
    });

    it("returns 409 on {resume: false} for a live stream", async () => {
      const { deps, rows } = deployment(liveRow);
      const { status, body } = await handleRequest(deps, request({ method: "POST", body: '{"resume":false}' }));
      assert.equal(status, 409);
      assert.equal((body as ErrorBody).code, "STREAM_LIVE");
      assert.deepEqual(rows.get("prices"), liveRow);
    });

    it("returns 409 for a second stream of a source without {streamId}, and writes nothing", async () => {
      for (const [row, sharedRequest] of [
        [liveRow, true],
        [{ ...liveRow, sharedRequest: true }, undefined],
      ] as const) {
        const { deps, rows, invoked } = deployment(row);
        const start = (streamId: string) =>
          handleRequest({ ...deps, sharedRequest }, request({ method: "POST", streamId }));
        const { status, body } = await start("other");
        assert.equal(status, 409);
        assert.equal((body as ErrorBody).code, "SINGLE_STREAM");
        assert.match((body as ErrorBody).message, /^Stream prices runs, .* Stop prices first, or add \{streamId\}/);
        assert.equal((await start("prices")).status, 200);
        assert.deepEqual([[...rows.keys()], invoked], [["prices"], []]);
      }
    });

    it("returns 409 for a stream beyond the limit on connections, and writes nothing", async () => {
      const { deps, rows, invoked } = deployment(liveRow);
      const start = (streamId: string) =>
        handleRequest({ ...deps, maxConnections: 1 }, request({ method: "POST", streamId }));
      const { status, body } = await start("other");
      assert.equal(status, 409);
      assert.equal((body as ErrorBody).code, "CONNECTION_LIMIT");
      assert.match((body as ErrorBody).message, /`source\.maxConnections` allows \(1\)/);
      assert.equal((await start("prices")).status, 200);
      assert.deepEqual([[...rows.keys()], invoked], [["prices"], []]);
    });

    it("starts another stream once the first one is stopped", async () => {
      const { deps } = deployment({ ...liveRow, desired: "closed" });
      const { status } = await handleRequest(
        { ...deps, sharedRequest: true },
        request({ method: "POST", streamId: "other" }),
      );
      assert.equal(status, 202);
    });

    it("returns 400 or 413 for every other body and writes nothing", async () => {
      const bad = [
        "[]",
        "null",
        "1",
        '"x"',
        "{",
        '{"resume":"false"}',
        '{"resume":0}',
        '{"fresh":true}',
        '{"__proto__":1}',
      ];
      for (const body of bad) {
        const { deps, rows, invoked } = deployment();
        const response = await handleRequest(deps, request({ method: "POST", body }));
        assert.equal(response.status, 400, body);
        assert.equal((response.body as ErrorBody).code, "BODY_INVALID");
        assert.equal(rows.size + invoked.length, 0);
      }
      const { deps, rows } = deployment();
      const response = await handleRequest(
        deps,
        request({ method: "POST", body: `{"resume":${" ".repeat(10_000_000)}true}` }),
      );
      assert.equal(response.status, 413);
      assert.equal((response.body as ErrorBody).code, "BODY_TOO_LARGE");
      assert.equal(rows.size, 0);
    });

    it("measures the body in bytes, not characters", async () => {
      const { deps } = deployment();
      const { status } = await handleRequest(deps, request({ method: "POST", body: `{"x":"${"€".repeat(400)}"}` }));
      assert.equal(status, 413);
    });
  });

  describe("stop", () => {
    it("returns 202 and sets desired to closed for the live owner", async () => {
      const { deps, rows } = deployment(liveRow);
      const { status, body } = await handleRequest(deps, request({ method: "DELETE" }));
      assert.equal(status, 202);
      assert.partialDeepStrictEqual(body, { desired: "closed", live: true });
      assert.equal(rows.get("prices")?.desired, "closed");
    });

    it("returns 202 again when repeated, and writes nothing", async () => {
      const { deps, rows } = deployment({ ...liveRow, expiresAt: NOW - 1 });
      await handleRequest(deps, request({ method: "DELETE" }));
      const after = structuredClone(rows.get("prices"));
      const { status, body } = await handleRequest(deps, request({ method: "DELETE" }));
      assert.equal(status, 202);
      assert.partialDeepStrictEqual(body, { status: "closed", live: false });
      assert.deepEqual(rows.get("prices"), after);
    });

    it("returns 404 for a stream that was never started, and creates no row", async () => {
      const { deps, rows } = deployment();
      const { status, body } = await handleRequest(deps, request({ method: "DELETE" }));
      assert.equal(status, 404);
      assert.equal((body as ErrorBody).code, "STREAM_NOT_FOUND");
      assert.equal(rows.size, 0);
    });
  });

  describe("read", () => {
    it("shows every field of a stream, times in ISO 8601", async () => {
      const { deps } = deployment({
        ...liveRow,
        checkpoint: "99",
        connectedSince: NOW - 1000,
        lastByteAt: NOW,
        handover: { count: 3, mode: "overlap", lastGapMs: -40 },
        lastError: { code: "SOURCE_IDLE", message: "silent for 60 s", at: NOW - 5000 },
      });
      const { status, body } = await handleRequest(deps, request());
      assert.equal(status, 200);
      assert.partialDeepStrictEqual(body, {
        checkpoint: "99",
        connectedSince: "2026-11-24T11:59:59.000Z",
        lastByteAt: "2026-11-24T12:00:00.000Z",
        handover: { count: 3, mode: "overlap", lastGapMs: -40 },
        lastError: { code: "SOURCE_IDLE", message: "silent for 60 s", at: "2026-11-24T11:59:55.000Z" },
      });
    });

    it("does not expose the owner's nonce or unknown attributes", async () => {
      const { deps } = deployment({ ...liveRow, secretVersion: "v7", surprise: "x" } as never);
      const { body } = await handleRequest(deps, request());
      assert.doesNotMatch(JSON.stringify(body), /secret-nonce|v7|surprise/);
    });

    it("shows a stream as not live once its lease has expired, whatever its status", async () => {
      const { deps } = deployment({ ...liveRow, expiresAt: NOW });
      assert.partialDeepStrictEqual((await handleRequest(deps, request())).body, { status: "open", live: false });
    });

    it("returns 404 for a stream that was never started", async () => {
      assert.equal((await handleRequest(deployment().deps, request())).status, 404);
    });
  });

  describe("list", () => {
    const list = (query: Record<string, string> = {}) =>
      request({ resource: "/connections", streamId: undefined, query });
    type Page = { connections: { streamId: string }[]; nextToken?: string };

    it("pages through all streams, without the deployment's own row", async () => {
      const ids = Array.from({ length: 7 }, (_, i) => `s${i}`);
      const { deps } = deployment(...[DECLARED_ROW, ...ids].map((streamId) => ({ streamId })));
      const seen: string[] = [];
      let nextToken: string | undefined;
      let pages = 0;
      do {
        const { status, body } = await handleRequest(deps, list({ limit: "3", ...(nextToken && { nextToken }) }));
        assert.equal(status, 200);
        const page = body as Page;
        seen.push(...page.connections.map((connection) => connection.streamId));
        nextToken = page.nextToken;
        pages++;
      } while (nextToken !== undefined);
      assert.deepEqual(seen, ids);
      assert.equal(pages, 3);
    });

    it("returns 400 for an invalid limit or token", async () => {
      const limits = ["0", "101", "-1", "1e1", "5.5", "", "abc", "9".repeat(400)].map((limit) => ({ limit }));
      const tokens = ["", "x", "1:prices", "../..", Buffer.from("2:a").toString("base64url"), "a".repeat(9000)];
      for (const query of [...limits, ...tokens.map((nextToken) => ({ nextToken }))]) {
        const { status, body } = await handleRequest(deployment().deps, list(query));
        assert.equal(status, 400, JSON.stringify(query));
        assert.equal((body as ErrorBody).code, "PAGE_INVALID");
      }
    });
  });

  it("returns 400 for invalid ids in every encoding, on every method, and writes nothing", async () => {
    const bad = [
      ".",
      "..",
      "%2e%2e",
      "a%2Fb",
      "a/b",
      "..%2F..%2Fadmin",
      "%252e%252e",
      "a%00b",
      "a%0d%0aX-Evil:1",
      "a b",
      "%",
      "%zz",
      "%ff",
      "#declared",
      "%23declared",
      "é",
      "",
      "a".repeat(129),
      "a".repeat(1_000_000),
      "__proto__%00",
    ];
    for (const method of ["POST", "GET", "DELETE"]) {
      for (const streamId of bad) {
        const { deps, rows, invoked } = deployment();
        const { status, body } = await handleRequest(deps, request({ method, streamId }));
        assert.equal(status, 400, `${method} ${streamId.slice(0, 40)}`);
        const { code, message } = body as ErrorBody;
        assert.equal(code, "STREAM_ID_INVALID");
        assert.ok(message.length < 400, "the message does not grow with the id");
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the test checks that there are none
        assert.doesNotMatch(message, /[\u0000-\u001f]/);
        assert.equal(rows.size + invoked.length, 0);
      }
    }
  });

  it("accepts an id with its valid characters escaped or not", async () => {
    const { deps, rows } = deployment();
    assert.equal((await handleRequest(deps, request({ method: "POST", streamId: "user%40host%3A1" }))).status, 202);
    assert.equal((await handleRequest(deps, request({ streamId: "user@host:1" }))).status, 200);
    assert.deepEqual([...rows.keys()], ["user@host:1"]);
  });

  it("returns 404 for another path and 405 with Allow for another method", async () => {
    const { deps } = deployment();
    for (const resource of ["/", "/connections/", "/connections/{streamId}/x", "constructor", "__proto__"])
      assert.equal((await handleRequest(deps, request({ resource }))).status, 404, resource);
    for (const method of ["PUT", "PATCH", "HEAD", "OPTIONS", "get", "constructor"]) {
      const { status, headers } = await handleRequest(deps, request({ method }));
      assert.equal(status, 405, method);
      assert.equal(headers.allow, Object.keys(ROUTES["/connections/{streamId}"]!).join(", "));
    }
  });

  it("returns 503 with Retry-After when the table does not respond, and 500 for an internal error, both without the cause", async () => {
    const cause = new Error("connect 10.0.0.7 key=hunter2");
    const down = new StreamError("STORE_UNAVAILABLE", "read of prices got no response", { retryable: true, cause });
    for (const [thrown, status, code] of [
      [down, 503, "UNAVAILABLE"],
      [cause, 500, "INTERNAL"],
    ] as const) {
      const { deps } = deployment();
      const read = () => Promise.reject(thrown);
      const response = await handleRequest({ ...deps, table: { ...deps.table, read } }, request());
      assert.equal(response.status, status);
      assert.equal((response.body as ErrorBody).code, code);
      assert.doesNotMatch(JSON.stringify(response.body), /hunter2|10\.0\.0\.7/);
      assert.equal(response.error, thrown, "the cause is passed to the log");
    }
  });
});
