import type { ControlRule } from "../runtime/contract";
import { ControlAction, type ControlRuleArgs } from "./args";
import { expect, oneOf, onlyKeys, pointer, text } from "./expect";

const KEYS = ["type", "text", "pointer", "equals", "action"];
const EXAMPLE = '{ pointer: "/type", equals: "HEARTBEAT", action: "ignore" }';

/** The rules of `source.on`, checked. @throws Error that names the rule and what is wrong with it */
export function controlRules(rules: readonly ControlRuleArgs[]): readonly ControlRule[] {
  expect(Array.isArray(rules), "`source.on`", `a list of rules such as ${EXAMPLE}`, rules);
  return rules.map((rule, index) => controlRule(`source.on[${index}]`, rule));
}

function controlRule(what: string, rule: ControlRuleArgs): ControlRule {
  onlyKeys(what, rule, KEYS, EXAMPLE);
  const { type, text: whole, pointer: path, equals } = rule;
  const action = oneOf(`${what}.action`, ControlAction, rule.action);
  expect(
    type !== undefined || whole !== undefined || path !== undefined,
    `\`${what}\``,
    "a rule with `type`, `text` or `pointer`",
    "none of them, which matches every event",
  );
  expect(whole === undefined || typeof whole === "string", `\`${what}.text\``, "text", whole);
  if (equals !== undefined) {
    expect(path !== undefined, `\`${what}.equals\``, "given with `pointer`", "it without");
    const isScalar = equals === null || ["string", "number", "boolean"].includes(typeof equals);
    expect(isScalar, `\`${what}.equals\``, "a string, number, boolean or null", equals);
  }
  return {
    action,
    ...(type !== undefined && { type: text(`${what}.type`, type) }),
    ...(whole !== undefined && { text: whole }),
    ...(path !== undefined && { pointer: pointer(`${what}.pointer`, path) }),
    ...(equals !== undefined && { equals }),
  };
}
