import type { CloudEvent } from "../../cloud/cloud-event";
import type { Alarms } from "../cloudwatch/alarms";
import type { Tables } from "../dynamodb/tables";
import type { Authorize } from "../iam/authorizer";
import type { Roles } from "../iam/roles";
import type { LogStore } from "../logs/log-store";
import type { Buckets } from "../s3/buckets";
import type { Service } from "../service";
import { createFunctions, type Functions } from "./functions";
import { lambdaProtocol } from "./lambda-protocol";
import { createMappings, type Mappings } from "./mapping/mappings";
import { startReaper } from "./reaper";
import { eventInvokeConfig, eventSourceMapping, lambdaFunction, permission, recursionConfig } from "./resources";

export interface LambdaNeeds {
  readonly roles: Roles;
  readonly authorize: Authorize;
  readonly logs: LogStore;
  readonly alarms: Alarms;
  readonly buckets: Buckets;
  readonly tables: Tables;
}

const DRAIN_TIMEOUT_MS = 5_000;

/** Functions as processes, and the event source mappings that poll for them. */
export const lambda: Service<{ readonly functions: Functions; readonly mappings: Mappings }, LambdaNeeds> = {
  open(cloud) {
    const { region, accountId, dataDir, principals, faults, roles, authorize, logs, alarms, buckets, timeScale } =
      cloud;
    const sdkFolders = [cloud.programFolder, __dirname];
    const emit = (event: CloudEvent) => {
      if (event.kind === "log") {
        const group = functions.find(event.functionName)?.logGroup;
        if (group !== undefined) logs.add({ group, at: event.at, text: event.line });
      }
      cloud.emit(event);
    };
    const reaper = startReaper();
    const functions = createFunctions({
      endpoint: () => cloud.endpoint,
      policiesOf: roles.policiesOf,
      region,
      accountId,
      principals,
      faults,
      reaper,
      sdkFolders,
      programFolder: cloud.programFolder,
      timeScale,
      keepWorkingCode: cloud.keepWorkingCode,
      emit,
    });
    const mappings = createMappings({
      functions,
      faults,
      emit,
      dataDir,
      count: (EventSourceMappingUUID, metric, value) =>
        alarms.count({ namespace: "AWS/Lambda", dimensions: { EventSourceMappingUUID }, metric, value }),
      authorize: (name, permission, quietly) =>
        authorize(name, functions.find(name)?.roleArn ?? "", permission, quietly),
      putFailure: (arn, key, body) =>
        void buckets
          .find(arn.replace(/^arn:aws:s3:::/, ""))
          ?.put({ key, contentType: "application/json", metadata: {} }, Buffer.from(body)),
    });
    return {
      model: { functions, mappings },
      protocol: { signingName: "lambda", ...lambdaProtocol({ functions, region, accountId }) },
      async stop() {
        await mappings.drain(DRAIN_TIMEOUT_MS);
        // A hanging batch ends with its process and is delivered again after a restart.
        await Promise.all([mappings.close(), functions.close()]);
        reaper.close();
      },
    };
  },
  resources: {
    "aws:lambda/eventSourceMapping:EventSourceMapping": eventSourceMapping,
    "aws:lambda/function:Function": lambdaFunction,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": eventInvokeConfig,
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": recursionConfig,
    "aws:lambda/permission:Permission": permission,
  },
};
