import type { ControlRule } from "../runtime/contract";
import { ControlAction, type ControlRuleArgs } from "./args";
import { expect, expectThat, oneOf, onlyKeys, pointer, text } from "./expect";

const KEYS = ["type", "text", "pointer", "equals", "action"];
const EXAMPLE = '{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }';

/** Checks the rules of `source.on`. @throws Error that names the rule and what is wrong with it */
export function controlRules(rules: readonly ControlRuleArgs[]): readonly ControlRule[] {
  expect(Array.isArray(rules), "`source.on`", `a list of rules such as ${EXAMPLE}`, rules);
  return rules.map((rule, index) => controlRule(`source.on[${index}]`, rule));
}

function controlRule(argument: string, rule: ControlRuleArgs): ControlRule {
  onlyKeys(argument, rule, KEYS, EXAMPLE);
  const { type, text: whole, pointer: path, equals } = rule;
  const action = oneOf(`${argument}.action`, ControlAction, rule.action);
  expectThat(
    type !== undefined || whole !== undefined || path !== undefined,
    `\`${argument}\` to have \`type\`, \`text\` or \`pointer\``,
    "none of them, which would match every event",
  );
  expect(whole === undefined || typeof whole === "string", `\`${argument}.text\``, "a string", whole);
  if (equals !== undefined) {
    expectThat(
      path !== undefined,
      `\`${argument}.equals\` only together with \`pointer\``,
      "`equals` without `pointer`",
    );
    const isScalar = equals === null || Number.isFinite(equals) || ["string", "boolean"].includes(typeof equals);
    expect(isScalar, `\`${argument}.equals\``, "a string, number, boolean or null", equals);
  }
  return {
    action,
    ...(type !== undefined && { type: text(`${argument}.type`, type) }),
    ...(whole !== undefined && { text: whole }),
    ...(path !== undefined && { pointer: pointer(`${argument}.pointer`, path) }),
    ...(equals !== undefined && { equals }),
  };
}
