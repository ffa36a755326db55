import type { Service } from "../service";
import { createLogStore, type LogStore } from "./log-store";
import { logsProtocol } from "./logs-protocol";
import { logGroup } from "./resources";

/** CloudWatch Logs. */
export const logs: Service<{ readonly logs: LogStore }> = {
  open({ region, accountId }) {
    const store = createLogStore();
    return {
      model: { logs: store },
      protocol: { signingName: "logs", ...logsProtocol({ logs: store, region, accountId }) },
    };
  },
  resources: { "aws:cloudwatch/logGroup:LogGroup": logGroup },
};
