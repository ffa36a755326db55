import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { type FakeUpstream, startFakeUpstream } from "../../runtime/testing";

describe("startFakeUpstream", () => {
  let upstream: FakeUpstream;
  const open: IncomingMessage[] = [];
  afterEach(async () => {
    for (const response of open.splice(0)) response.destroy();
    await upstream?.close();
  });

  async function connect(path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
    const [response] = (await once(get(`${upstream.url}${path}`, { headers }), "response")) as [IncomingMessage];
    response.setEncoding("utf8").on("error", () => {});
    open.push(response);
    return response;
  }
  /** Text that ends with `end`. */
  async function textUntil(response: IncomingMessage, end: string): Promise<string> {
    let text = "";
    while (!text.endsWith(end)) {
      const piece = response.read();
      if (piece === null) await once(response, "readable");
      else text += piece;
    }
    return text;
  }

  it("sends events to the open connections of their stream, and the earlier ones to a new connection", async () => {
    upstream = await startFakeUpstream();
    upstream.send("EUR_USD", { n: 1 });
    const first = await connect("/v1/EUR_USD?depth=5");
    assert.equal(await textUntil(first, '{"n":1}\n'), '\n{"n":1}\n');
    upstream.send("GBP_USD", "other");
    upstream.send("EUR_USD", "two");
    assert.equal(await textUntil(first, "two\n"), "two\n");
    assert.equal(await textUntil(await connect("/EUR_USD"), "two\n"), '\n{"n":1}\ntwo\n');
    assert.equal(upstream.connections("EUR_USD"), 2);
    assert.equal(upstream.connections("GBP_USD"), 0);
  });

  it("resumes Server-Sent Events after the client's position, with line breaks in data", async () => {
    upstream = await startFakeUpstream({ format: "sse" });
    for (const data of ["one", "two\nlines", "three"]) upstream.send("a:b", data);
    const response = await connect("/a%3Ab", { "last-event-id": "1" });
    assert.equal(response.headers["content-type"], "text/event-stream");
    assert.equal(
      await textUntil(response, "three\n\n"),
      ":\n\nid: 2\ndata: two\ndata: lines\n\nid: 3\ndata: three\n\n",
    );
    const unknown = await connect("/a%3Ab", { "last-event-id": "none" });
    assert.match(await textUntil(unknown, "three\n\n"), /data: one/);
  });

  it("breaks connections, refuses another key and a path that is not valid, and refuses a line with a line break", async () => {
    upstream = await startFakeUpstream({ key: "k" });
    assert.equal((await connect("/s")).statusCode, 401);
    assert.equal((await connect("/%zz", { authorization: "Bearer k" })).statusCode, 400);
    const response = await connect("/s", { authorization: "Bearer k" });
    const broken = assert.rejects(once(response, "end"), /aborted/);
    upstream.drop("s");
    await broken;
    assert.equal(response.complete, false);
    assert.throws(() => upstream.send("s", "a\nb"), /Use the format `sse`/);
  });
});
