import { isLater } from "./known";

/** Of all variables together, with their names. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_BYTES = 4096;

/** Prefix of the variables that the component sets. */
const OWN_PREFIX = "STREAM_INGESTION_";

/** Variables that Lambda sets. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
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

/** Checks the variables of the processor that are known while the program runs. @throws Error that names the variable */
export function checkEnvironment(environment: unknown): void {
  if (environment === undefined || isLater(environment)) return;
  if (typeof environment !== "object" || environment === null || Array.isArray(environment))
    throw new Error(
      `Expected \`processor.environment\` to be an object of names and values, got ${JSON.stringify(environment)}.`,
    );
  checkVariables(environment as Variables);
  checkSize("the processor (`processor.environment`)", environment as Variables);
}

/** @throws Error that names the variable. It does not contain the value, which can be a secret. */
export function checkVariables(variables: Variables): void {
  for (const [name, value] of Object.entries(variables)) {
    const refuse = (why: string) => {
      throw new Error(
        `Expected \`processor.environment\` to have only names and values that you can set, got "${name}": ${why}.`,
      );
    };
    if (name.startsWith(OWN_PREFIX))
      refuse(`names that start with ${OWN_PREFIX} are reserved for the component. Choose another`);
    if (RESERVED.has(name)) refuse("Lambda sets this variable. Choose another name");
    if (!/^[A-Za-z][A-Za-z0-9_]+$/.test(name))
      refuse("a name needs a letter followed by at least one letter, digit or underscore");
    if (!(typeof value === "string" || isLater(value)))
      refuse(`its type must be string, not ${value === null ? "null" : typeof value}. Convert it with String(…)`);
  }
}

/**
 * Checks the size of the variables as Lambda measures it: their bytes as JSON. An Output counts as an empty value.
 *
 * @param owner - the argument or function, for the message
 * @throws Error that names the largest variables
 */
export function checkSize(owner: string, variables: Variables): void {
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
    `Expected the environment of ${owner} to have at most ${MAX_BYTES} bytes in total, got ${bytes}. The largest variables are ${largest}. ` +
      (settings
        ? "Shorten `source`, for example `source.on`."
        : "Read large values from Secrets Manager, SSM or a file."),
  );
}

/**
 * Checks the variables of a function after transforms, which can replace all of them.
 *
 * @param own - the variables before
 * @throws Error that names the missing or the largest variables
 */
export function checkTransformed(name: string, own: Variables, variables: Variables): void {
  const missing = Object.keys(own).filter((key) => key.startsWith(OWN_PREFIX) && !(key in variables));
  if (missing.length > 0)
    throw new Error(
      `Expected \`transform\` to keep the environment variables of the function ${name}, got it without ${missing.join(", ")}. ` +
        "Set variables as values to merge: { environment: { variables: { NAME: value } } }.",
    );
  checkSize(`the function ${name}`, variables);
}
