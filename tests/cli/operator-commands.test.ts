import assert from "node:assert/strict";
import { addList } from "../../cli/list";
import { addStart } from "../../cli/start";
import { addStatus } from "../../cli/status";
import { addStop } from "../../cli/stop";
import { type ConnectionRow, ZERO_COUNTERS } from "../../runtime/contract";
import { deployment, liveRow, NOW } from "../api/api-fixture";
import type { FakeServer } from "../fakes/http-server";
import { helpOf, run, serve, serveApi } from "./cli-fixture";

type Row = Partial<ConnectionRow> & { streamId: string };

describe("operating commands", () => {
  const before = { ...process.env };
  const open: FakeServer[] = [];

  beforeEach(() => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
      AWS_REGION: "eu-central-1",
    });
    delete process.env.AWS_PROFILE;
    delete process.env.AWS_SESSION_TOKEN;
  });

  afterEach(async () => {
    process.env = { ...before };
    await Promise.all(open.splice(0).map((server) => server.close()));
  });

  const api = async (...rows: readonly Row[]) => {
    const deployed = deployment(...rows);
    const server = await serveApi(deployed);
    open.push(server);
    return { ...deployed, ...server, flags: ["--api-url", server.url] };
  };

  const answering = async (status: number, body: string, headers = {}) => {
    const server = await serve(async () => ({ status, body, headers }));
    open.push(server);
    return server.url;
  };

  it("starts a stream, and reports one that is running already", async () => {
    const { rows, flags, requests } = await api();
    assert.deepEqual(await run(addStart, "start", "prices", ...flags), {
      out: ["prices: started"],
      err: [],
      exitCode: 0,
    });
    assert.equal(rows.get("prices")?.desired, "open");
    rows.set("prices", liveRow);
    assert.deepEqual((await run(addStart, "start", "prices", ...flags)).out, ["prices: already running (open)"]);
    assert.equal(requests[0]!.url, "/v1/connections/prices");
  });

  it("signs for execute-api in the requested region, with all relevant headers", async () => {
    const { flags, requests } = await api();
    await run(addStart, "start", "user@host:1", "--fresh", "--region", "us-west-2", ...flags);
    const { authorization, host } = requests[0]!.headers;
    assert.match(
      authorization!,
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-west-2\/execute-api\/aws4_request,/,
    );
    assert.match(authorization!, /SignedHeaders=accept;content-type;host;x-amz-content-sha256;x-amz-date,/);
    assert.equal(`http://${host}/v1`, flags[1]);
    assert.equal(requests[0]!.url, "/v1/connections/user@host:1");
  });

  it("sends the API key from the environment", async () => {
    const { flags, requests } = await api();
    process.env.STREAM_INGESTION_API_KEY = "plan-key";
    await run(addList, "list", ...flags);
    assert.equal(requests[0]!.headers["x-api-key"], "plan-key");
  });

  it("starts without the checkpoint with --fresh, and fails for a live stream", async () => {
    const { flags, rows } = await api({
      ...liveRow,
      owner: undefined,
      desired: "closed",
      status: "closed",
      checkpoint: "41",
      counters: ZERO_COUNTERS,
    });
    assert.equal((await run(addStart, "start", "prices", "--fresh", ...flags)).exitCode, 0);
    assert.equal(rows.get("prices")?.checkpoint, undefined);
    rows.set("prices", liveRow);
    const refused = await run(addStart, "start", "prices", "--fresh", ...flags);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.err[0]!, /^error: Stream prices is live\. Stop it first/);
  });

  it("stops a stream and distinguishes stopping from stopped", async () => {
    const { flags, rows } = await api(liveRow);
    assert.match((await run(addStop, "stop", "prices", ...flags)).out[0]!, /stopping; the hop closes/);
    rows.set("prices", { ...liveRow, expiresAt: NOW });
    assert.deepEqual((await run(addStop, "stop", "prices", ...flags)).out, ["prices: stopped"]);
  });

  it("exits with 3 for a stream that was never started", async () => {
    const { flags } = await api();
    for (const [add, name] of [
      [addStop, "stop"],
      [addStatus, "status"],
    ] as const) {
      const { exitCode, err } = await run(add, name, "nobody", ...flags);
      assert.equal(exitCode, 3);
      assert.match(err[0]!, /Stream nobody was never started/);
    }
  });

  it("prints a live stream's state and counters, and exits with 0", async () => {
    const { flags } = await api({
      ...liveRow,
      checkpoint: "7\u001b[2J",
      lastByteAt: NOW,
      handover: { count: 2, mode: "overlap", lastGapMs: -31, maxGapMs: 12 },
    });
    const { out, exitCode } = await run(addStatus, "status", "prices", ...flags);
    assert.equal(exitCode, 0);
    assert.deepEqual(out, [
      "stream        prices",
      "state         open (desired open)",
      "generation    4",
      "last byte     2026-11-24T12:00:00.000Z",
      "checkpoint    7\\u001b[2J",
      "received      0",
      "= stored      0",
      "+ not stored  0",
      "handovers     2, last by overlap, overlapped 31 ms, worst gap 12 ms",
    ]);
  });

  it("exits with 2 when the stream is not as desired", async () => {
    const cases = [
      [{ ...liveRow, expiresAt: NOW }, "down", 2],
      [{ ...liveRow, owner: undefined, status: "failed" }, "failed", 2],
      [{ ...liveRow, owner: undefined, status: "waiting", retryAt: NOW + 90_000 }, "waiting", 2],
      [{ ...liveRow, desired: "closed" }, "closing", 2],
      [{ ...liveRow, owner: undefined, desired: "closed", status: "closed" }, "closed", 0],
      [{ ...liveRow, owner: undefined, status: "completed" }, "completed", 0],
    ] as const;
    for (const [row, state, code] of cases) {
      const { flags } = await api(row);
      const { out, exitCode } = await run(addStatus, "status", "prices", ...flags);
      assert.match(out[1]!, new RegExp(`^state +${state} `));
      assert.equal(exitCode, code, state);
    }
  });

  it("lists streams of several pages, sorted", async () => {
    const ids = Array.from({ length: 120 }, (_, i) => `s${String(i).padStart(3, "0")}`);
    const { flags, requests } = await api(...ids.toReversed().map((streamId) => ({ ...liveRow, streamId })));
    const { out } = await run(addList, "list", ...flags);
    assert.match(out[0]!, /^STREAM +STATE +GENERATION +RECEIVED +STORED +NOT STORED +LAST BYTE$/);
    assert.deepEqual(
      out.slice(1).map((line) => line.split(" ")[0]),
      ids,
    );
    assert.equal(requests.length, 3);
  });

  it("prints one JSON value per line with --json, also for errors", async () => {
    const { flags } = await api(liveRow, { ...liveRow, streamId: "b" });
    const listed = await run(addList, "list", "--json", ...flags);
    assert.deepEqual(listed.out.map((line) => JSON.parse(line).streamId).sort(), ["b", "prices"]);
    const status = await run(addStatus, "status", "prices", "--json", ...flags);
    assert.partialDeepStrictEqual(JSON.parse(status.out.join("")), { streamId: "prices", generation: 4, live: true });
    const start = await run(addStart, "start", "prices", "--json", ...flags);
    assert.partialDeepStrictEqual(JSON.parse(start.out.join("")), { started: false, streamId: "prices" });
    const stop = await run(addStop, "stop", "nobody", "--json", ...flags);
    assert.equal(JSON.parse(stop.err.join("")).code, "STREAM_NOT_FOUND");
    assert.deepEqual(stop.out, []);
  });

  it("explains a 403 of API Gateway", async () => {
    const url = await answering(403, '{"Message":"User: x is not authorized to perform: execute-api:Invoke"}');
    const { err, exitCode } = await run(addList, "list", "--api-url", url);
    assert.equal(exitCode, 1);
    assert.match(
      err[0]!,
      /refused the request \(403\): User: x is not authorized.*needs execute-api:Invoke.*allowedCidrs/,
    );
  });

  it("does not follow a redirect with a signed request", async () => {
    const elsewhere = await serve(async () => ({ status: 200, body: '{"connections":[]}' }));
    open.push(elsewhere);
    const url = await answering(307, "", { location: elsewhere.url });
    const { exitCode } = await run(addList, "list", "--api-url", url);
    assert.equal(exitCode, 1);
    assert.equal(elsewhere.requests.length, 0);
  });

  it("names an address that cannot be reached or is not a connection API", async () => {
    const refused = await run(addList, "list", "--api-url", "http://127.0.0.1:1/v1");
    assert.match(refused.err[0]!, /Could not reach http:\/\/127\.0\.0\.1:1: /);
    const html = await run(addList, "list", "--api-url", await answering(200, "<html>hello"));
    assert.match(html.err[0]!, /answered 200: <html>hello\. Check that this is the URL of a connection API/);
  });

  it("rejects an invalid id or URL before it sends a request", async () => {
    const { flags, requests } = await api();
    for (const id of ["..", ".", "a/b", "a b", "%2e", "#declared"]) {
      assert.match((await run(addStatus, "status", id, ...flags)).err[0]!, /Expected the stream id/, id);
    }
    for (const url of [
      "prices.example",
      "http://prices.example/v1",
      "ftp://127.0.0.1",
      "https://u:p@host",
      "https://h/?a=b",
    ]) {
      assert.match((await run(addList, "list", "--api-url", url)).err[0]!, /Expected the API's URL to be https/, url);
    }
    assert.equal(requests.length, 0);
  });

  it("explains how to set credentials when none are found", async () => {
    const { flags } = await api();
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
    Object.assign(process.env, {
      AWS_REGION: "eu-central-1",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
      AWS_CONFIG_FILE: "/nonexistent",
    });
    const { err, exitCode } = await run(addList, "list", ...flags);
    assert.equal(exitCode, 1);
    assert.match(err[0]!, /No AWS credentials found.*aws sso login/);
  });

  it("documents exit codes and --json in the help of every command", () => {
    for (const add of [addStart, addStop, addList, addStatus]) {
      assert.match(helpOf(add), /--json/);
      assert.match(helpOf(add), /Exit codes: 0 done · 1 failed/);
    }
  });
});
