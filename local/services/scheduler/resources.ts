import type { Cloud } from "../../cloud/cloud";
import { define, physicalName } from "../../resources/define";
import type { Authorize } from "../iam/authorizer";
import type { Functions } from "../lambda/functions";
import type { Schedules } from "./schedules";

interface SchedulerCloud extends Cloud {
  readonly schedules: Schedules;
  readonly functions: Functions;
  readonly authorize: Authorize;
}

interface ScheduleInputs {
  readonly name?: string;
  readonly groupName?: string;
  readonly scheduleExpression: string;
  readonly state?: "ENABLED" | "DISABLED";
  readonly target: { readonly arn: string; readonly roleArn: string; readonly input?: string };
}

/** A schedule that invokes a function with the schedule's role. */
export const schedule = define<SchedulerCloud, ScheduleInputs>({
  inputs: [
    "name",
    "groupName",
    "scheduleExpression",
    "scheduleExpressionTimezone",
    "flexibleTimeWindow",
    "state",
    "target",
    "description",
  ],
  replaceOn: ["name", "groupName"],
  put(cloud, { name: pulumiName, inputs }, before) {
    const { target, groupName = "default" } = inputs;
    const name = before?.id.split("/")[1] ?? physicalName(inputs.name, pulumiName);
    if (!/:function:/.test(target.arn)) {
      throw new Error(
        `Expected a schedule's target to be a function, got ${target.arn}: other targets are not supported locally.`,
      );
    }
    cloud.schedules.put({
      name,
      expression: inputs.scheduleExpression,
      enabled: inputs.state !== "DISABLED",
      invoke() {
        const permission = { action: "lambda:InvokeFunction", resource: target.arn };
        if (!cloud.authorize(name, target.roleArn, permission) || cloud.functions.find(target.arn) === undefined)
          return;
        cloud.functions.invokeAsync({ target: target.arn, payload: target.input ?? "{}", caller: name });
      },
    });
    return {
      id: `${groupName}/${name}`,
      outputs: { name, arn: `arn:aws:scheduler:${cloud.region}:${cloud.accountId}:schedule/${groupName}/${name}` },
    };
  },
  remove: ({ schedules }, id) => schedules.remove(id.split("/")[1] ?? ""),
});
