/**
 * `npm start`: this repository's own program on a stream. Without `--url` on the built-in sample upstream, for half a
 * minute, with proof at the end that nothing was lost or doubled; with `--url` on any real stream, until Ctrl-C.
 */
import "../node-version";
import { resolve } from "node:path";
import { Command } from "commander";
import { hopSeconds, origin, port, runSeconds, streamIds } from "./parse-options";
import { reporterFor } from "./reporter-for";
import { runLocal, type Scenario } from "./run-local";
import { startSampleUpstream } from "./sample/sample-upstream";
import { realStreams, sampleRun } from "./scenarios";

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
}

/** Short hops show hand-overs within half a minute; a real upstream is not to be asked for a connection that often. */
const SAMPLE_HOP_SECONDS = 5;
const REAL_HOP_SECONDS = 60;
const PROGRAM = resolve(__dirname, "../..");

async function start(options: Options): Promise<number> {
  const { url, path = "/", key = "", stream = ["default"], json, seconds, ...rest } = options;
  const ofRealStream = (["path", "key", "stream"] as const).find((name) => options[name] !== undefined);
  if (url === undefined && ofRealStream !== undefined)
    throw new Error(`--${ofRealStream} goes with --url, which names a real stream. Without it the built-in one runs.`);
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
      reporterFor(json),
      scenario,
    );
  if (url !== undefined) return run({ url, path, key }, REAL_HOP_SECONDS, realStreams(stream));
  const upstream = await startSampleUpstream();
  try {
    const source = { url: upstream.url, path: upstream.path, key: upstream.key };
    return await run(source, SAMPLE_HOP_SECONDS, sampleRun(upstream, seconds));
  } finally {
    await upstream.close();
  }
}

new Command("npm start --")
  .description("Run this repository's program on the built-in sample stream, or with --url on a real one.")
  .option("--url <url>", "origin of a real stream, https://stream.example.com", origin)
  .option("--path <path>", "path on it; {streamId} is replaced by the stream's id (default: /)")
  .option("--key <key>", "its credential, sent as Bearer")
  .option("--stream <id>", "stream to start (repeatable)", streamIds)
  .option("--seconds <n>", "length of the run on the sample stream", runSeconds, 30)
  .option(
    "--hop-seconds <n>",
    `length of a hop (sample ${SAMPLE_HOP_SECONDS}, real stream ${REAL_HOP_SECONDS})`,
    hopSeconds,
  )
  .option("--port <n>", "port of the AWS endpoint and the connection API; 0 = any free one", port, 0)
  .option("--data-dir <dir>", "keep tables, objects and streams in this folder")
  .option("--json", "print one JSON object per line")
  .action(async (options: Options) => {
    process.exitCode = await start(options);
  })
  .parseAsync()
  .catch((error: Error) => {
    process.stderr.write(`${process.env.STREAM_INGESTION_DEBUG ? error.stack : `error: ${error.message}`}\n`);
    process.exitCode = 1;
  });
