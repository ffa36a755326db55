import { ALARMS, type AlarmName, type AlarmSpec } from "./alarm-list";
import type { AlarmArgs, AlarmsArgs } from "./args";
import { expect, integer, onlyKeys } from "./expect";
import { idNamed } from "./references";

const EXAMPLE = "{ enabled: true, threshold: 0, periodSeconds: 60, evaluationPeriods: 1 }";
/** CloudWatch's limit for an alarm's periods together. */
const MAX_SECONDS = 86_400;

/**
 * The alarms to create, with the user's changes. `without`: those that could never be in ALARM.
 * @throws Error that names the argument, the value and what is allowed
 */
export function alarmSettings(
  args: AlarmsArgs = {},
  without: readonly AlarmName[] = [],
): ReadonlyMap<AlarmName, AlarmSpec> {
  onlyKeys("alarms", args, ["topicArn", ...Object.keys(ALARMS)], "{ topicArn, eventsRefused: { threshold: 100 } }");
  idNamed(
    "alarms.topicArn",
    "the ARN of an SNS topic, such as arn:aws:sns:eu-west-1:123456789012:alarms",
    /^arn:[^:]+:sns:[^:]+:\d{12}:[^:]+$/,
    args.topicArn,
  );
  const names = Object.keys(ALARMS) as AlarmName[];
  return new Map(
    names.flatMap((name) => {
      const spec = tuned(name, ALARMS[name], args[name] ?? {});
      return spec === undefined || without.includes(name) ? [] : [[name, spec] as const];
    }),
  );
}

function tuned(name: AlarmName, spec: AlarmSpec, args: AlarmArgs): AlarmSpec | undefined {
  const argument = `alarms.${name}`;
  onlyKeys(argument, args, ["enabled", "threshold", "periodSeconds", "evaluationPeriods"], EXAMPLE);
  const { enabled = true, threshold, periodSeconds = spec.periodSeconds } = args;
  const { evaluationPeriods = spec.evaluationPeriods } = args;
  expect(typeof enabled === "boolean", `\`${argument}.enabled\``, "true or false", enabled);
  const isNumber = threshold === undefined || (typeof threshold === "number" && threshold >= 0);
  expect(isNumber, `\`${argument}.threshold\``, "a number of at least 0", threshold);
  const isPeriod = Number.isInteger(periodSeconds / 60) && periodSeconds >= 60 && periodSeconds <= MAX_SECONDS;
  expect(isPeriod, `\`${argument}.periodSeconds\``, "a multiple of 60 up to 86400", periodSeconds);
  integer(`${argument}.evaluationPeriods`, evaluationPeriods, 1, MAX_SECONDS / periodSeconds);
  if (!enabled) return undefined;
  const own = threshold === undefined ? {} : { threshold, perStream: 0 };
  return { ...spec, ...own, periodSeconds, evaluationPeriods };
}
