import type { Service } from "../service";
import { createQueues, type Queues } from "./queues";
import { queue } from "./resources";
import { sqsProtocol } from "./sqs-protocol";

export const sqs: Service<{ readonly queues: Queues }> = {
  open({ region, accountId }) {
    const queues = createQueues(Date.now);
    return { model: { queues }, protocol: { signingName: "sqs", ...sqsProtocol({ queues, region, accountId }) } };
  },
  resources: { "aws:sqs/queue:Queue": queue },
};
