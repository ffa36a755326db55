import assert from "node:assert/strict";
import dns from "node:dns";
import { once } from "node:events";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { publicLookup } from "../../runtime/data/source/public-lookup";
import { type Answer, sse, startUpstream, status } from "../fakes/upstream";
import { certificate } from "./certificate";
import { type Setup, setUp } from "./harness";

/** Names and their addresses. Every lookup of a name in `.example` is answered from here. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "public.example": ["127.0.0.1"],
  "also-local.example": ["203.0.113.7", "127.0.0.1"],
  "metadata.example": ["169.254.169.254"],
  "local6.example": ["::1"],
  "remote.example": ["203.0.113.7"],
};

describe("a redirect of a public source", () => {
  const lookup = dns.lookup;
  const closing: (() => unknown)[] = [];
  before(() => {
    dns.lookup = ((name: string, options: { all?: boolean }, callback: (...result: unknown[]) => void) => {
      if (!name.endsWith(".example")) return lookup(name, options, callback as never);
      const addresses = (NAMES[name] ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
      if (addresses.length === 0) return callback(Object.assign(new Error(name), { code: "ENOTFOUND" }));
      if (options.all) callback(null, addresses);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    }) as typeof dns.lookup;
  });
  after(() => {
    dns.lookup = lookup;
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const serve = async (...answers: Answer[]) => {
    const upstream = await startUpstream(...answers);
    closing.push(upstream.close);
    return { ...upstream, port: new URL(upstream.url).port };
  };
  /** What becomes of a redirect from the public name `public.example` to `target`. */
  const redirected = async (target: (port: string) => string, setup: Setup = {}) => {
    const inside = await serve(sse("data: secret of the inside\n\n"), status(204));
    const outside = await serve(status(307, { location: target(inside.port) }));
    const options = { singleAttempt: () => true };
    const secret = { key: undefined };
    const one = setUp({ url: `http://public.example:${outside.port}` }, { options, secret, ...setup });
    const outcome = await one.relay.run();
    return { outcome, inside, error: one.relay.snapshot().lastError };
  };

  for (const host of [
    ...["127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "localhost", "a.localhost", "[::1]", "[::ffff:127.0.0.1]"],
    ...["0.0.0.0", "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]"],
    ...["also-local.example", "metadata.example", "local6.example"],
  ])
    it(`never reaches ${host}`, async () => {
      const { outcome, inside, error } = await redirected((port) => `http://${host}:${port}/`);
      assert.equal(outcome.kind, "waiting");
      assert.equal(error?.code, "SOURCE_STATUS");
      assert.match(error.message, /a redirect to a loopback or link-local address, which is not followed/);
      assert.equal(inside.requests.length, 0);
    });

  it("is checked at each of several redirects", async () => {
    const inside = await serve(status(204));
    const second = await serve(status(302, { location: `http://also-local.example:${inside.port}/` }));
    const first = await serve(status(302, { location: `http://public.example:${second.port}/` }));
    const { relay } = setUp(
      { url: `http://public.example:${first.port}` },
      { secret: { key: undefined }, options: { singleAttempt: () => true } },
    );
    await relay.run();
    assert.match(relay.snapshot().lastError!.message, /loopback or link-local/);
    assert.deepEqual(
      [first, second, inside].map(({ requests }) => requests.length),
      [1, 1, 0],
    );
  });

  it("is checked by the HTTP/2 client, too", async () => {
    const { key, cert } = certificate();
    let inside = 0;
    const target = createSecureServer({ key, cert }, () => inside++);
    const location = () => `https://also-local.example:${(target.address() as AddressInfo).port}/`;
    const source = createSecureServer({ key, cert });
    source.on("stream", (stream) => stream.respond({ ":status": 307, location: location() }, { endStream: true }));
    for (const server of [target, source]) await once(server.listen(0, "127.0.0.1"), "listening");
    closing.push(
      () => source.close(),
      () => target.close(),
    );
    const { relay } = setUp(
      { url: `https://public.example:${(source.address() as AddressInfo).port}` },
      { source: { http2: true }, secret: { tls: { ca: cert } }, options: { singleAttempt: () => true } },
    );
    await relay.run();
    assert.match(relay.snapshot().lastError!.message, /loopback or link-local/);
    assert.equal(inside, 0);
  });

  it("may lead to the same host, and a source on this machine may redirect on this machine", async () => {
    const inside = await serve(status(204));
    const outside = await serve(status(307, { location: `http://public.example:${inside.port}/` }));
    const run = (url: string) => setUp({ url }, { secret: { key: undefined } }).relay.run();
    assert.deepEqual(await run(`http://public.example:${outside.port}`), { kind: "completed" });
    const onThisMachine = await serve(status(307, { location: inside.url }));
    assert.deepEqual(await run(onThisMachine.url), { kind: "completed" });
  });

  it("connects to a public address, in the form that the caller asks for", async () => {
    const resolve = (name: string, all: boolean) =>
      new Promise((settle) => publicLookup(name, { all }, (error, address) => settle(error ?? address)));
    assert.equal(await resolve("remote.example", false), "203.0.113.7");
    assert.deepEqual(await resolve("remote.example", true), [{ address: "203.0.113.7", family: 4 }]);
    assert.match(String(await resolve("metadata.example", false)), /link-local/);
    assert.match(String(await resolve("unknown.example", true)), /unknown/);
  });
});
