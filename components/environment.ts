import * as pulumi from "@pulumi/pulumi";

/** In all, names included. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_BYTES = 4096;

/** Of the variables that the component sets. */
const OWN_PREFIX = "STREAM_INGESTION_";

/** Lambda sets them. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const RESERVED = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_DEFAULT_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_MAX_CONCURRENCY",
  "AWS_LAMBDA_METADATA_API",
  "AWS_LAMBDA_METADATA_TOKEN",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_REGION",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);

type Variables = Readonly<Record<string, unknown>>;

/** What of the processor's variables is known while the program runs. @throws Error that names the variable */
export function checkEnvironment(environment: unknown): void {
  if (environment === undefined || pulumi.Output.isInstance(environment) || environment instanceof Promise) return;
  if (typeof environment !== "object" || environment === null || Array.isArray(environment))
    throw new Error(`Expected \`processor.environment\` to be names with values, got ${JSON.stringify(environment)}.`);
  checkVariables(environment as Variables);
  checkSize("the processor", environment as Variables);
}

/** @throws Error that names the variable, and not its value: that may be a secret */
export function checkVariables(variables: Variables): void {
  for (const [name, value] of Object.entries(variables)) {
    const refuse = (why: string) => {
      throw new Error(`Expected \`processor.environment\` to set names that are free, got "${name}": ${why}.`);
    };
    if (name.startsWith(OWN_PREFIX)) refuse(`names that start with ${OWN_PREFIX} are the component's. Choose another`);
    if (RESERVED.has(name)) refuse("Lambda sets it. Choose another name");
    if (!/^[A-Za-z][A-Za-z0-9_]+$/.test(name))
      refuse("a name is a letter and at least one more letter, digit or underscore");
    if (!(typeof value === "string" || value instanceof Promise || pulumi.Output.isInstance(value)))
      refuse(`its value must be a string, got ${value === null ? "null" : typeof value}. Use String(…)`);
  }
}

/**
 * As Lambda measures: the bytes of the variables as JSON. What is an Output yet counts as nothing.
 *
 * @param whose - argument or function
 * @throws Error that names the largest variables
 */
export function checkSize(whose: string, variables: Variables): void {
  const plain = Object.entries(variables).map(([name, value]) => [name, typeof value === "string" ? value : ""]);
  const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  const bytes = size(Object.fromEntries(plain));
  if (bytes <= MAX_BYTES) return;
  const largest = plain
    .map(([name, value]) => ({ name, bytes: size(value) }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map((one) => `${one.name} (${one.bytes})`)
    .join(", ");
  const settings = plain.some(([name]) => name === `${OWN_PREFIX}SETTINGS`);
  throw new Error(
    `Expected the environment of ${whose} to have at most ${MAX_BYTES} bytes in all, got ${bytes}; the largest: ${largest}. ` +
      (settings
        ? "Shorten `source`, for example `source.on`."
        : "Read large values from Secrets Manager, SSM or a file."),
  );
}
