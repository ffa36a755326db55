/**
 * `npm start`: runs this repository's program. Without `--url` it uses the built-in sample upstream for 30 seconds and checks
 * that no event was lost or processed twice. With `--url` it uses a real stream, until Ctrl-C.
 */
import "../node-version";
import { resolve } from "node:path";
import { Command } from "commander";
import { endOnClosedPipe } from "../closed-pipe";
import { sampleHopLength } from "./hop-length";
import { hopSeconds, origin, port, runSeconds, streamIds } from "./parse-options";
import { reporterFor } from "./reporter-for";
import type { Scenario } from "./run-local";

interface Options {
  readonly url?: string;
  readonly path?: string;
  readonly key?: string;
  readonly stream?: readonly string[];
  readonly port: number;
  readonly hopSeconds?: number;
  readonly seconds: number;
  readonly dataDir?: string;
  readonly json?: true;
  readonly open?: true;
}

/** A real upstream should not get new connections as often as the sample stream. */
const REAL_HOP_SECONDS = 60;
const PROGRAM = resolve(__dirname, "../..");

async function start(options: Options): Promise<number> {
  const { url, path = "/", key = "", stream = ["default"], json, seconds, ...rest } = options;
  const needsUrl = (["path", "key", "stream"] as const).find((name) => options[name] !== undefined);
  if (url === undefined && needsUrl !== undefined)
    throw new Error(`--${needsUrl} requires --url. Without --url the built-in sample stream runs.`);
  const reporter = reporterFor(json, "npm run cli --");
  reporter.step("Starting");
  const [{ runLocal }, { realStreams, sampleRun }, { startSampleUpstream }] = await Promise.all([
    import("./run-local"),
    import("./scenarios"),
    import("./sample/sample-upstream"),
  ]);
  const run = (secrets: Record<"url" | "path" | "key", string>, hop: number, scenario: Scenario) =>
    runLocal(
      {
        ...rest,
        program: PROGRAM,
        stack: "local",
        config: {},
        secrets,
        hopSeconds: options.hopSeconds ?? hop,
      },
      reporter,
      scenario,
    );
  if (url !== undefined) return run({ url, path, key }, REAL_HOP_SECONDS, realStreams(stream));
  const hop = sampleHopLength();
  if (hop.note !== undefined && options.hopSeconds === undefined) reporter.note(hop.note);
  const upstream = await startSampleUpstream();
  try {
    const source = { url: upstream.url, path: upstream.path, key: upstream.key };
    return await run(source, hop.seconds, sampleRun(upstream, seconds));
  } finally {
    await upstream.close();
  }
}

endOnClosedPipe(process);

new Command("npm start --")
  .description("Run this repository's program on the built-in sample stream, or on a real stream with --url.")
  .option("--url <url>", "origin of a real stream, for example https://stream.example.com", origin)
  .option("--path <path>", "path of the stream; {streamId} is replaced by the id (default: /)")
  .option("--key <key>", "credential of the stream, sent as a bearer token")
  .option("--stream <id>", "id of a stream to start (repeatable)", streamIds)
  .option("--seconds <n>", "length of a run on the sample stream in seconds", runSeconds, 30)
  .option(
    "--hop-seconds <n>",
    `length of a hop in seconds (default: 5 on the sample stream, or 15 on a busy machine; ${REAL_HOP_SECONDS} on a real one)`,
    hopSeconds,
  )
  .option("--port <n>", "port of the AWS endpoint and the connection API; 0 selects a free one", port, 0)
  .option("--data-dir <dir>", "keep tables, objects and streams in this folder (default: in memory)")
  .option("--open", "open the console in the browser")
  .option("--json", "print one JSON object per line")
  .action(async (options: Options) => {
    process.exitCode = await start(options);
  })
  .parseAsync()
  .catch((error: Error) => {
    process.stderr.write(`${process.env.STREAM_INGESTION_DEBUG ? error.stack : `error: ${error.message}`}\n`);
    process.exitCode = 1;
  });
