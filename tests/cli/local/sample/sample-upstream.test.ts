import assert from "node:assert/strict";
import { type SampleUpstream, startSampleUpstream } from "../../../../cli/local/sample/sample-upstream";

describe("sample upstream", () => {
  let upstream: SampleUpstream;
  beforeEach(async () => {
    upstream = await startSampleUpstream({ eventsPerSecond: 400 });
  });
  afterEach(() => upstream.close());

  function open(streamId: string, headers: Record<string, string> = {}): Promise<Response> {
    const url = upstream.url + upstream.path.replace("{streamId}", streamId);
    return fetch(url, { headers: { authorization: `Bearer ${upstream.key}`, ...headers } });
  }

  /** Reads until `enough` returns true. */
  async function read(response: Response, enough: (text: string) => boolean): Promise<string> {
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (enough(text)) break;
    }
    return text;
  }

  const sentData = (streamId: string) =>
    new Set(
      upstream
        .sent()
        .get(streamId)
        ?.map(({ data }) => data),
    );

  it("writes lines of JSON and records each of them", async () => {
    const text = await read(await open("EUR_USD"), (soFar) => soFar.split("\n").length > 20);
    const lines = text
      .split(/\r?\n/)
      .slice(0, -1)
      .filter((line) => line !== "");
    assert.ok(lines.length >= 15);
    for (const line of lines) assert.ok(sentData("EUR_USD").has(line), line);
  });

  it("resumes an SSE stream a few events before Last-Event-ID", async () => {
    await read(await open("BTC_USD"), (soFar) => soFar.includes("id: 40\n"));
    const text = await read(await open("BTC_USD", { "last-event-id": "30" }), (soFar) => soFar.includes("id: 31\n"));
    assert.deepEqual(
      [...text.matchAll(/^id: (\d+)$/gm)].slice(0, 6).map(([, id]) => id),
      ["26", "27", "28", "29", "30", "31"],
    );
    assert.ok(upstream.repeats() >= 5);
  });

  it("starts a stream with its first connection and stops sending on request", async () => {
    assert.equal(upstream.sent().get("EUR_USD")?.length, 0);
    const response = await open("EUR_USD");
    await read(response, (soFar) => soFar.includes("seq"));
    upstream.stopSending();
    const before = sentData("EUR_USD").size;
    await read(await open("EUR_USD"), (soFar) => soFar.includes("seq"));
    assert.equal(sentData("EUR_USD").size, before);
  });

  it("rejects a wrong key and an unknown stream", async () => {
    assert.equal((await open("EUR_USD", { authorization: "Bearer no" })).status, 401);
    assert.equal((await open("XXX")).status, 404);
  });
});
