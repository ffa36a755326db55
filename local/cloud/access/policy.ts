import { BlockList, isIPv6 } from "node:net";

/** The part of a policy statement that the local cloud evaluates. */
export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  /** In resource-based policies: `"*"`, or ARNs, accounts and services by kind. */
  readonly Principal?: string | Readonly<Record<string, string | readonly string[]>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, Value | readonly Value[]>>>>;
}

type Value = string | number | boolean;

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: Statement | readonly Statement[];
}

export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  /** ARN of the caller, or the name of an AWS service. Used by resource-based policies only. */
  readonly principal?: string;
  /** Condition keys, in lower case. */
  readonly context?: Readonly<Record<string, string>>;
}

export type Decision = "allow" | "deny" | "none";

/** The decision of all policies: an explicit Deny wins, then an Allow. `none`: no statement applies, which AWS treats as a denial. */
export function decide(policies: readonly PolicyDocument[], request: AccessRequest): Decision {
  const effects = policies
    .flatMap(({ Statement }) => Statement)
    .filter((statement) => applies(statement, request))
    .map(({ Effect }) => Effect);
  if (effects.includes("Deny")) return "deny";
  return effects.includes("Allow") ? "allow" : "none";
}

/** Parses a policy document. @throws when it is not a policy, or uses a condition that is not evaluated here */
export function parsePolicy(json: string): PolicyDocument {
  const document = JSON.parse(json) as PolicyDocument;
  const statements = [document.Statement].flat();
  for (const { Effect, Condition } of statements) {
    if (Effect !== "Allow" && Effect !== "Deny")
      throw new Error(`Expected Effect Allow or Deny, got ${String(Effect)}.`);
    for (const operator of Object.keys(Condition ?? {})) conditionTest(operator);
  }
  return document;
}

function applies(statement: Statement, request: AccessRequest): boolean {
  const { Action, NotAction, Resource, NotResource, Principal, Condition } = statement;
  const action = request.action.toLowerCase();
  const actionIs = (pattern: string) => like(pattern.toLowerCase(), action);
  const resourceIs = (pattern: string) => like(pattern, request.resource);
  return (
    (Action === undefined || [Action].flat().some(actionIs)) &&
    (NotAction === undefined || ![NotAction].flat().some(actionIs)) &&
    (Resource === undefined || [Resource].flat().some(resourceIs)) &&
    (NotResource === undefined || ![NotResource].flat().some(resourceIs)) &&
    (Principal === undefined || namesPrincipal(Principal, request.principal)) &&
    Object.entries(Condition ?? {}).every(([operator, keys]) => holds(operator, keys, request.context ?? {}))
  );
}

function namesPrincipal(named: NonNullable<Statement["Principal"]>, principal: string | undefined): boolean {
  const names = typeof named === "string" ? [named] : Object.values(named).flat();
  return names.some((name) => name === "*" || name === principal || rootOf(principal) === name);
}

/** A policy that names the account's root means everyone in the account. */
function rootOf(principal: string | undefined): string | undefined {
  const account = principal?.split(":")[4];
  return account && `arn:aws:iam::${account}:root`;
}

function holds(
  operator: string,
  keys: Readonly<Record<string, Value | readonly Value[]>>,
  context: Readonly<Record<string, string>>,
): boolean {
  const { test, negated, ifExists } = conditionTest(operator);
  return Object.entries(keys).every(([key, expected]) => {
    const actual = context[key.toLowerCase()];
    if (operator === "Null")
      return [expected]
        .flat()
        .map(String)
        .includes(String(actual === undefined));
    // An absent key fails a positive condition and passes a negated one.
    if (actual === undefined) return ifExists || negated;
    return [expected].flat().some((value) => test(String(value), actual)) !== negated;
  });
}

type Test = (expected: string, actual: string) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  StringEquals: (expected, actual) => expected === actual,
  StringEqualsIgnoreCase: (expected, actual) => expected.toLowerCase() === actual.toLowerCase(),
  StringLike: (expected, actual) => like(expected, actual),
  ArnEquals: (expected, actual) => like(expected, actual),
  ArnLike: (expected, actual) => like(expected, actual),
  Bool: (expected, actual) => expected === actual,
  IpAddress: (expected, actual) => inRange(expected, actual),
  Null: () => false,
};

function conditionTest(operator: string): { test: Test; negated: boolean; ifExists: boolean } {
  const ifExists = operator.endsWith("IfExists");
  const bare = ifExists ? operator.slice(0, -"IfExists".length) : operator;
  const negated = /^(String|Arn)Not|^NotIp/.test(bare);
  const test = TESTS[bare.replace(/^(String|Arn)Not/, "$1").replace(/^NotIp/, "Ip")];
  if (test === undefined) {
    throw new Error(`The condition ${operator} is not evaluated locally: ${Object.keys(TESTS).join(", ")} are.`);
  }
  return { test, negated, ifExists };
}

function inRange(cidr: string, address: string): boolean {
  const [network = "", bits] = cidr.split("/");
  const family = isIPv6(network) ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(network, Number(bits ?? (family === "ipv6" ? 128 : 32)), family);
  return list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** IAM's wildcards: `*` any text, slashes and colons included; `?` one character. */
function like(pattern: string, text: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === text;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "s").test(text);
}
