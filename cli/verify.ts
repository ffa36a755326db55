import { type Command, InvalidArgumentError, Option } from "commander";
import { type OperatorOptions, operate } from "./operator-command";
import { CliError, EXIT, terminal as processTerminal, type Terminal } from "./terminal";
import type { Check } from "./verify/checks";
import type { Deployment } from "./verify/find-deployment";
import type { Verdict, VerifyOptions } from "./verify/run-verify";

interface VerifyCommandOptions extends Pick<OperatorOptions, "stack" | "program" | "region" | "json"> {
  readonly stream: string;
  readonly instance?: string;
  readonly events: number;
  readonly patience: number;
  readonly numberedAt?: string;
  readonly upstream?: string;
}

/** `stream-ingestion verify`: the acceptance check after `pulumi up`, the same on the local stack and in an account. */
export function addVerify(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command("verify")
    .description(
      "Check a deployment: run a throw-away stream, hand it over, see that nothing is lost or doubled, stop it. Deploys nothing.",
    )
    .requiredOption("--stream <id>", "a stream that upstream serves and that does not run now")
    .option("--stack <name>", "Pulumi stack (default: the selected one)")
    .option("--program <dir>", "folder of the Pulumi program (default: the current one)")
    .option("--instance <name>", "which StreamIngestion, where the stack has several")
    .option("--region <region>", "AWS region (default: from the API's URL, else AWS_REGION)")
    .option("--events <n>", "events to see before and after the hand-over", whole, 10)
    .option("--patience <seconds>", "how long each step may take", whole, 180)
    .option(
      "--numbered-at <pointer>",
      "JSON pointer to a number that upstream raises by one with every event of the stream",
    )
    .addOption(
      new Option(
        "--upstream <url>",
        "the stream's URL, {streamId} in it for the id: a second connection looks for what the table lacks. Its key: env STREAM_INGESTION_VERIFY_KEY",
      ).env("STREAM_INGESTION_VERIFY_UPSTREAM"),
    )
    .option("--json", "print JSON")
    .addHelpText("after", "\nExit codes: 0 everything holds · 1 something does not, or the check could not run")
    .action((options: VerifyCommandOptions) => operate(terminal, options, () => verify(options, terminal)));
}

async function verify(options: VerifyCommandOptions, terminal: Terminal): Promise<void> {
  const [{ awsProbe }, { exportedResources }, { findDeployment }, { runVerify }, { systemClock }] = await Promise.all([
    import("./verify/aws-probe"),
    import("./verify/exported-resources"),
    import("./verify/find-deployment"),
    import("./verify/run-verify"),
    import("../runtime/support/clock"),
  ]);
  const deployment = findDeployment(await exportedResources(options), options.instance);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  const witness = options.upstream
    ? await witnessOf(options.upstream, options.stream, deployment, interrupted.signal)
    : undefined;
  const probe = awsProbe(deployment, options.region);
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    const verdict = await runVerify(probe, systemClock, {
      streamId: options.stream,
      events: options.events,
      patienceMs: options.patience * 1_000,
      numberedAt: options.numberedAt,
      witness,
      signal: interrupted.signal,
      relayMemorySize: deployment.relayMemorySize,
      onStep: (sentence) => terminal.err(terminal.colours.dim(`${sentence} …`)),
    });
    terminal.out(options.json ? JSON.stringify(verdict) : verdictTable(deployment.instance, verdict, terminal.colours));
    const missed = verdict.checks.filter(({ result }) => result === "missed").length;
    if (missed === 0) return;
    throw new CliError(`${missed} of ${verdict.checks.length} checks missed.`, "VERIFY_MISSED", EXIT.failed);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
    probe.close();
  }
}

/** A second connection that asks and reads as the deployment does. @throws CliError */
async function witnessOf(
  upstream: string,
  streamId: string,
  { instance, settings }: Deployment,
  signal: AbortSignal,
): Promise<VerifyOptions["witness"]> {
  if (settings === undefined)
    throw new CliError(
      `The stack's state does not show how ${instance} reads its upstream: another release deployed it, or its environment is a secret. Run \`pulumi up\` with this release, or leave --upstream away.`,
      "SETTINGS_UNKNOWN",
    );
  const [{ upstreamRequest }, { openWitness }] = await Promise.all([
    import("./verify/upstream-request"),
    import("./verify/second-connection"),
  ]);
  const request = upstreamRequest(upstream, process.env.STREAM_INGESTION_VERIFY_KEY, streamId, settings.source);
  return { open: () => openWitness(request, settings, signal), identity: settings.events.identity };
}

const MARKS = { passed: "✔", missed: "✘", "not seen": "–" } as const;

export function verdictTable(
  instance: string,
  { checks, seconds, cost }: Verdict,
  { green, red, dim, bold }: Terminal["colours"],
): string {
  const colour = { passed: green, missed: red, "not seen": dim } as const;
  const width = Math.max(...checks.map(({ what }) => what.length));
  const line = ({ what, result, detail }: Check) =>
    `${colour[result](MARKS[result])} ${what.padEnd(width)}  ${dim(result === "not seen" ? `not seen: ${detail}` : detail)}`;
  const price = cost < 0.01 ? "less than $0.01" : `about $${cost.toFixed(2)}`;
  return [
    bold(instance),
    ...checks.map(line),
    dim(`${Math.round(seconds)} s, ${price} on AWS at us-east-1 prices`),
  ].join("\n");
}

function whole(value: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("Expected a whole number from 1.");
}
