import type { Authorize } from "../iam/authorizer";
import type { Functions } from "../lambda/functions";
import type { Service } from "../service";
import { schedule } from "./resources";
import { createSchedules, type Schedules } from "./schedules";

/** EventBridge Scheduler. */
export const scheduler: Service<
  { readonly schedules: Schedules },
  { readonly functions: Functions; readonly authorize: Authorize }
> = {
  open({ timeScale }) {
    const schedules = createSchedules(timeScale);
    return { model: { schedules }, stop: schedules.close };
  },
  resources: { "aws:scheduler/schedule:Schedule": schedule },
};
