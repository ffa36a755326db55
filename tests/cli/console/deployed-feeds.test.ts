import assert from "node:assert/strict";
import { consoleState } from "../../../cli/console/console-state";
import { followEvents } from "../../../cli/console/deployed-feeds";
import { serve } from "../cli-fixture";

describe("the events of a deployed stack", () => {
  const { AWS_MAX_ATTEMPTS } = process.env;
  before(() => {
    // The SDK waits before it repeats a throttled call.
    process.env.AWS_MAX_ATTEMPTS = "1";
  });
  after(() => {
    if (AWS_MAX_ATTEMPTS === undefined) delete process.env.AWS_MAX_ATTEMPTS;
    else process.env.AWS_MAX_ATTEMPTS = AWS_MAX_ATTEMPTS;
  });

  it("have a notice while the change stream has other readers, and none after a read without an event", async () => {
    const stop = new AbortController();
    let isThrottled = true;
    const server = await serve(async (request) => {
      const action = String(request.headers["x-amz-target"]).split(".")[1]!;
      if (action === "GetRecords" && isThrottled)
        return { status: 400, body: '{"__type":"com.amazonaws.dynamodb.v20120810#LimitExceededException"}' };
      const answers: Record<string, object> = {
        ListStreams: { Streams: [{ StreamLabel: "1", StreamArn: "arn" }] },
        DescribeStream: { StreamDescription: { Shards: [{ ShardId: "s", SequenceNumberRange: {} }] } },
        GetShardIterator: { ShardIterator: "i" },
        GetRecords: { Records: [], NextShardIterator: "i" },
      };
      return { status: 200, body: JSON.stringify(answers[action]) };
    });
    const state = consoleState({ ...CAPABILITIES, unavailable: {} }, Date.now);
    const notices = () => state.snapshot().notices.map(({ text }) => text);
    const seen: string[][] = [];
    const ended = new Promise<void>((resolve) => {
      /** Called between two rounds of reads. */
      const sleep = async () => {
        seen.push(notices());
        isThrottled = false;
        if (seen.length < 2) return;
        stop.abort();
        resolve();
      };
      const access = { region: "eu-central-1", endpoint: server.url, credentials: CREDENTIALS };
      const options = { state, access, signal: stop.signal, isWatched: () => true };
      followEvents(DEPLOYMENT, { ...options, clock: { now: () => 0, sleep } });
    });
    await ended;
    assert.deepEqual(seen, [["are read again in 5 s: the change stream has other readers."], []]);
    await server.close();
  });
});

const CAPABILITIES = { kind: "deployed", stack: "dev", region: "eu-central-1", write: false } as const;
const CREDENTIALS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "x" };
const DEPLOYMENT = { instance: "prices", eventTable: "events" };
