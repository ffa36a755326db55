import type { ResourceHandler, ResourceInput } from "../../../local/resources/resource-handler";
import type { LocalCloud } from "../../../local/services/services";

/** The parts of a cloud that the evaluation and the provider read, without services. */
export const cloud = {
  endpoint: "http://127.0.0.1:1",
  region: "eu-west-1",
  accountId: "000000000000",
  operator: { accessKeyId: "operator", secretAccessKey: "operator" },
  close: async () => {},
} as unknown as LocalCloud;

/** Handlers of queues and tables that record their calls. */
export function fakeHandlers(): {
  resourceHandlers: Map<string, ResourceHandler<LocalCloud>>;
  calls: string[];
  created: ResourceInput[];
} {
  const calls: string[] = [];
  const created: ResourceInput[] = [];
  const handler: ResourceHandler<LocalCloud> = {
    inputs: ["fifoQueue", "policy", "delaySeconds", "code"],
    replaceOn: ["fifoQueue"],
    create: async (_, resource) => {
      if (resource.inputs.policy === "broken") throw new Error("the policy is broken");
      calls.push(`create ${resource.name}`);
      created.push(resource);
      return { id: `${resource.name}-id`, outputs: { ...resource.inputs, arn: `arn:${resource.name}` } };
    },
    update: async (_, id, __, resource) => {
      calls.push(`update ${resource.name}`);
      return { id, outputs: { ...resource.inputs, arn: `arn:${resource.name}` } };
    },
    delete: async (_, id) => {
      calls.push(`delete ${id}`);
    },
  };
  return { resourceHandlers: new Map([["aws:sqs/queue:Queue", handler]]), calls, created };
}
