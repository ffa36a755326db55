import { resolve } from "node:path";
import { StreamIngestion, type StreamIngestionArgs, type Transforms } from "../../components";
import { type Evaluated, evaluate } from "../mocks/recording-monitor";
import { RULES, type Rule } from "./rules";

export const FILE = resolve(__dirname, "../../docs/compliance.md");

const ENTRY = resolve(__dirname, "../../examples/log-events/processor.ts");

/** Every argument that a rule names. */
const ARGUMENTS: Partial<StreamIngestionArgs> = {
  account: {
    kmsKeyArn: "arn:aws:kms:eu-west-1:123456789012:key/1",
    permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary",
    logRetentionDays: 365,
    tracing: true,
    deletionProtection: true,
  },
  alarms: { topicArn: "arn:aws:sns:eu-west-1:123456789012:alarms" },
  api: { accessLogs: true, privateApi: { vpcEndpointIds: ["vpce-1"] } },
  network: { subnetIds: ["subnet-1", "subnet-2"], securityGroupIds: ["sg-1"], functions: "all" },
  tags: { team: "data" },
};

/** Every transform that a rule names. */
const TRANSFORMS: Transforms = {
  stage: { clientCertificateId: "certificate" },
  functions: {
    reservedConcurrentExecutions: 5,
    deadLetterConfig: { targetArn: "arn:aws:sqs:eu-west-1:123456789012:dead" },
  },
  bucket: { versioning: { enabled: true } },
};

export interface RuleResult {
  readonly rule: Rule;
  readonly byDefault: boolean;
  readonly byArgument: boolean;
  readonly byTransform: boolean;
}

/** Evaluates three deployments and every rule against what the engine would receive. */
export async function evaluateRules(): Promise<readonly RuleResult[]> {
  const deployed = (args: Partial<StreamIngestionArgs>, transform: Transforms): Promise<Evaluated> => {
    const source = { url: "https://upstream.example", path: "/", key: "key" };
    return evaluate(
      () => new StreamIngestion("prices", { source, processor: { entry: ENTRY }, ...args }, { transform }),
    );
  };
  const plain = await deployed({}, {});
  const withArguments = await deployed(ARGUMENTS, {});
  const withTransforms = await deployed({}, TRANSFORMS);
  return RULES.map((rule) => ({
    rule,
    byDefault: rule.holds(plain),
    byArgument: rule.holds(withArguments),
    byTransform: rule.holds(withTransforms),
  }));
}

/** The page `docs/compliance.md`. */
export function page(results: readonly RuleResult[]): string {
  const rows = results.map(({ rule: { control, requires, argument, transform, outside }, byDefault }) =>
    [
      control,
      requires,
      byDefault ? "yes" : "no",
      argument,
      transform ?? (outside && `Not by the component: ${outside}`),
    ]
      .map((cell) => cell ?? "")
      .join(" | "),
  );
  return `# Compliance

Controls of AWS Security Hub (\`DynamoDB.2\`), managed rules of AWS Config (\`lambda-dlq-check\`) and common company rules that concern a
resource of the component: whether the default fulfils them, and if not, which setting does. \`npm run compliance\` writes this page from the
inputs that the engine would receive; a test compares it.

The table says nothing about resources that you name (\`events.table\`, \`connections.table\`, \`bucket\`, \`source.secretArn\`,
\`processor.functionArn\`). The component never changes them, except a bucket with \`manageBucket\` and the role in \`processor.roleName\`,
which gets a policy.

| Control | Requires | By default | By argument | By transform |
| --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join("\n")}
`;
}
