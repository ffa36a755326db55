import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { deploymentOf } from "./deployment";
import { streamId } from "./local/parse-options";
import { type OperatorOptions, operate } from "./operator-command";
import { onStopSignal } from "./stop-signals";
import { CliError, EXIT, terminal as processTerminal, type Terminal } from "./terminal";
import type { Check } from "./verify/check";
import type { Deployment } from "./verify/find-deployment";
import type { VerifyOptions, VerifyResult } from "./verify/run-verify";

interface VerifyCommandOptions extends Pick<OperatorOptions, "stack" | "program" | "region" | "json"> {
  readonly stream: string;
  readonly instance?: string;
  readonly events: number;
  readonly timeout: number;
  readonly hops?: number;
  readonly idleSeconds?: number;
  readonly poison?: boolean;
  readonly numberedAt?: string;
  readonly upstream?: string;
  readonly upstreamSecret?: string;
}

/** `stream-ingestion verify`: the acceptance check after `pulumi up`, on the local stack and in an AWS account. */
export function addVerify(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command("verify")
    .description(
      "Check a deployment: start a temporary stream, hand it over, check that no event is lost or stored twice, stop it. Deploys nothing.",
    )
    .requiredOption("--stream <id>", "id of a stream that the upstream serves and that is not running", streamId)
    .option("--stack <name>", "Pulumi stack (default: the running local stack, otherwise the selected one)")
    .option("--program <dir>", "folder of the Pulumi program (default: the current folder)")
    .option("--instance <name>", "name of the StreamIngestion, if the stack has several")
    .option("--region <region>", "AWS region (default: from the URL or the stack, otherwise AWS_REGION)")
    .option("--events <n>", "number of events to wait for before and after the handover", whole, 10)
    .option("--timeout <seconds>", "limit of each step in seconds", whole, 300)
    .option(
      "--hops <n>",
      "wait for this many handovers at the end of a hop, each after up to 15 minutes. More than 16 prove the recursion setting: 17 take about four hours",
      whole,
    )
    .option(
      "--idle-seconds <n>",
      "call the API again after this time without a call. 600 prove that a frozen function opens new connections",
      whole,
    )
    .option(
      "--poison",
      "store an event that cannot be decoded, wait until it is in the failure bucket, and remove it. Sets the alarm processorFailures",
    )
    .option(
      "--numbered-at <pointer>",
      "JSON pointer to a number that the upstream raises by one with every event of the stream",
    )
    .addOption(
      new Option(
        "--upstream <url>",
        "URL of the stream; {streamId} is replaced by the id. Opens a second connection and checks that every event it receives is stored. Set its credential in STREAM_INGESTION_VERIFY_KEY",
      ).env("STREAM_INGESTION_VERIFY_UPSTREAM"),
    )
    .option(
      "--upstream-secret <file>",
      "JSON file with members of the source's secret that the second connection needs, such as body, headers, tls, proxy or oauth2. --upstream replaces its URL and path",
    )
    .option("--json", "print JSON")
    .addHelpText("after", "\nExit codes: 0 every check passed · 1 a check failed or could not run")
    .action((options: VerifyCommandOptions) => operate(terminal, options, () => verify(options, terminal)));
}

async function verify(options: VerifyCommandOptions, terminal: Terminal): Promise<void> {
  const [{ awsProbe }, { exportedResources }, { findDeployment }, { runVerify }, { systemClock }] = await Promise.all([
    import("./verify/aws-probe"),
    import("./verify/exported-resources"),
    import("./verify/find-deployment"),
    import("./verify/run-verify"),
    import("pulumi-stream-ingestion/internal"),
  ]);
  const deployment = findDeployment(await exportedResources(options), options.instance);
  const { apiUrl, processorArn } = deployment;
  const region = await deploymentOf({ ...options, apiUrl }).region(processorArn);
  const interrupted = new AbortController();
  const interrupt = () => {
    if (!interrupted.signal.aborted) terminal.err("Stopping the stream …");
    interrupted.abort();
  };
  const secondConnection =
    options.upstream === undefined && options.upstreamSecret === undefined
      ? undefined
      : await secondConnectionTo({ ...options, region }, deployment, interrupted.signal);
  const probe = awsProbe(deployment, region);
  // A second signal must not end the process before the stream is stopped.
  const removeHandlers = onStopSignal(interrupt);
  try {
    const result = await runVerify(probe, systemClock, {
      streamId: options.stream,
      events: options.events,
      timeoutMs: options.timeout * 1_000,
      hops: options.hops,
      idleSeconds: options.idleSeconds,
      poison: options.poison,
      numberedAt: options.numberedAt,
      secondConnection,
      signal: interrupted.signal,
      relayMemorySize: deployment.relayMemorySize,
      newChains: deployment.settings?.relay.recursion === "none",
      onStep: (sentence) => terminal.err(terminal.colours.dim(`${sentence} …`)),
    });
    terminal.out(
      options.json ? JSON.stringify(result) : resultTable(deployment, options.stream, result, terminal.colours),
    );
    const failed = result.checks.filter(({ result }) => result === "failed").length;
    if (failed === 0) return;
    throw new CliError(`${failed} of ${result.checks.length} checks failed.`, "VERIFY_FAILED", EXIT.failed);
  } catch (error) {
    const { code, message } = error as CliError;
    if (code !== "INTERRUPTED") throw error;
    throw new CliError(`${message} ${leftText(deployment, options.stream)}`, code, undefined, { cause: error });
  } finally {
    removeHandlers();
    probe.close();
  }
}

/** A second connection with the deployment's request and decoder settings. @throws CliError */
async function secondConnectionTo(
  { upstream, upstreamSecret: file, stream, region }: VerifyCommandOptions,
  { instance, settings, apiUrl }: Deployment,
  signal: AbortSignal,
): Promise<VerifyOptions["secondConnection"]> {
  if (settings === undefined)
    throw new CliError(
      `The stack's state does not show the source settings of ${instance}: another release deployed it, or its environment is secret. Run \`pulumi up\` with this release, or omit --upstream and --upstream-secret.`,
      "SETTINGS_UNKNOWN",
    );
  const [{ upstreamSecret }, { openSecondConnection }, { operatorIdentity }] = await Promise.all([
    import("./verify/upstream-secret"),
    import("./verify/second-connection"),
    import("./sign"),
  ]);
  const input = {
    url: upstream,
    key: process.env.STREAM_INGESTION_VERIFY_KEY,
    file: file === undefined ? undefined : readFile(file),
  };
  const secret = upstreamSecret(input, stream, settings.source);
  const target = { ...secret, streamId: stream, settings, aws: operatorIdentity(apiUrl, region) };
  return { open: () => openSecondConnection(target, signal), identity: settings.events.identity };
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new CliError(
      `The file of --upstream-secret cannot be read: ${(cause as Error).message}`,
      "UPSTREAM_INVALID",
      undefined,
      { cause },
    );
  }
}

/** What a run leaves in the account. */
function leftText({ connectionTable, eventTable }: Deployment, streamId: string): string {
  return `Stream ${streamId} is stopped. Its row stays in ${connectionTable}, and its events in ${eventTable} until their TTL.`;
}

const MARKS = { passed: "✔", failed: "✘", "not checked": "–" } as const;

function resultTable(
  deployment: Deployment,
  streamId: string,
  { checks, proved, notProved, seconds, cost }: VerifyResult,
  { green, red, dim, bold }: Terminal["colours"],
): string {
  const colour = { passed: green, failed: red, "not checked": dim } as const;
  const width = Math.max(...checks.map(({ what }) => what.length));
  const line = ({ what, result, detail }: Check) =>
    `${colour[result](MARKS[result])} ${what.padEnd(width)}  ${dim(result === "not checked" ? `not seen: ${detail}` : detail)}`;
  const price = cost < 0.01 ? "less than $0.01" : `about $${cost.toFixed(2)}`;
  return [
    bold(deployment.instance),
    ...checks.map(line),
    ...(proved.length === 0 ? [] : ["Proved:", ...proved.map((behaviour) => dim(`  ${behaviour}`))]),
    ...(notProved.length === 0 ? [] : ["Not proved:", ...notProved.map((one) => dim(`  ${notProvedText(one)}`))]),
    dim(leftText(deployment, streamId)),
    dim(`${Math.round(seconds)} s, ${price} on AWS at us-east-1 prices`),
  ].join("\n");
}

/** The behaviour, with the option that checks it, or the check that failed. */
function notProvedText({ behaviour, because }: VerifyResult["notProved"][number]): string {
  const reasons = because.map(({ what, result, detail }) =>
    result === "failed" ? `"${what}" failed` : `"${what}" was not seen: ${detail}`,
  );
  return `${behaviour} (${reasons.join("; ")})`;
}

function whole(value: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("Expected a whole number in 1..999999.");
}
