import type { Input, Unwrap } from "@pulumi/pulumi";
import type { PolicyStatementArgs } from "./args";
import { expect, onlyKeys } from "./expect";
import { known } from "./known";

/**
 * Arguments that name resources outside the component. A value from another resource is checked as soon as it is known: an empty
 * one, as of a variable that is not set, would otherwise fail in AWS or change what the deployment does.
 */

/** @throws Error that names the argument, now or when the value is known */
export function named(
  argument: string,
  allowed: string,
  pattern: RegExp,
  value: Input<string> | undefined,
): Input<string> | undefined {
  if (value === undefined) return undefined;
  return known(value, (name: string) => {
    expect(typeof name === "string" && pattern.test(name), `\`${argument}\``, allowed, name);
    return name;
  });
}

/**
 * As {@link named}, for the id of an existing resource. Returns the unchecked value, because the SDK never stops waiting for an id
 * that is rejected: a rejected check alone fails the program.
 */
export function idNamed(...[argument, allowed, pattern, value]: Parameters<typeof named>): typeof value {
  named(argument, allowed, pattern, value);
  return value;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export const bucketNamed = (value: Input<string> | undefined): Input<string> | undefined =>
  idNamed("bucket", "the name of a bucket, such as my-bucket", /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, value);

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
export const tableNamed = (argument: string, value: Input<string> | undefined): Input<string> | undefined =>
  idNamed(argument, "the name of a table, such as my-table", /^[A-Za-z0-9_.-]{3,255}$/, value);

/** Lambda without subnets runs outside the VPC, and a policy without endpoints is invalid. */
export function ids(argument: string, value: Input<Input<string>[]> | undefined): Input<Input<string>[]> | undefined {
  if (value === undefined) return undefined;
  return known(value, (list: string[]) => {
    const usable = Array.isArray(list) && list.length > 0 && list.every((id) => typeof id === "string" && id !== "");
    expect(usable, `\`${argument}\``, "a list of at least one id", list);
    return list as Input<string>[];
  }) as Input<Input<string>[]>;
}

/** Checked statements. */
export type Statements = Input<Unwrap<PolicyStatementArgs>[]>;

/** @throws Error that names the statement, now or when the values are known */
export function statements(argument: string, value: Input<Input<PolicyStatementArgs>[]> = []): Statements {
  return known(value, (list: Unwrap<PolicyStatementArgs>[]) => {
    expect(Array.isArray(list), `\`${argument}\``, "a list of statements", list);
    for (const [index, statement] of list.entries()) {
      const at = `${argument}[${index}]`;
      onlyKeys(at, statement, ["actions", "resources"], '{ actions: ["sns:Publish"], resources: [topic.arn] }');
      for (const part of ["actions", "resources"] as const) {
        const texts: unknown = statement[part];
        const usable =
          Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === "string" && text);
        expect(usable, `\`${at}.${part}\``, "a list of at least one string", texts);
      }
    }
    return list;
  }) as Statements;
}
