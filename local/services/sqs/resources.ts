import type { Cloud } from "../../cloud/cloud";
import { define, physicalName } from "../../resources/define";
import type { Queues } from "./queues";

interface SqsCloud extends Cloud {
  readonly queues: Queues;
}

interface QueueInputs {
  readonly name?: string;
  readonly fifoQueue?: boolean;
  readonly visibilityTimeoutSeconds?: number;
}

const FIFO_SUFFIX = ".fifo";

/** A queue. Retention, redrive and encryption have no effect here. */
export const queue = define<SqsCloud, QueueInputs>({
  inputs: [
    "name",
    "fifoQueue",
    "contentBasedDeduplication",
    "visibilityTimeoutSeconds",
    "messageRetentionSeconds",
    "redrivePolicy",
    "sqsManagedSseEnabled",
    "tags",
  ],
  replaceOn: ["name", "fifoQueue"],
  put({ queues, endpoint, region, accountId }, { name: pulumiName, inputs }, before) {
    const { fifoQueue = false, visibilityTimeoutSeconds: seconds } = inputs;
    const name = before?.outputs.name ?? nameOf(inputs.name, pulumiName, fifoQueue);
    queues.put(String(name), fifoQueue, seconds === undefined ? undefined : seconds * 1000);
    const url = `${endpoint}/${accountId}/${name}`;
    return { id: url, outputs: { name, url, arn: `arn:aws:sqs:${region}:${accountId}:${name}`, fifoQueue } };
  },
  remove: ({ queues }, _, { name }) => queues.remove(String(name)),
});

function nameOf(requested: string | undefined, pulumiName: string, fifo: boolean): string {
  if (!fifo || requested !== undefined) return physicalName(requested, pulumiName, 80);
  return physicalName(undefined, pulumiName, 80 - FIFO_SUFFIX.length) + FIFO_SUFFIX;
}
