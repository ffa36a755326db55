import type { Command } from "commander";
import { type OperatorOptions, operate } from "./operator-command";
import { terminal as processTerminal, type Terminal } from "./terminal";

type HandoverOptions = Pick<OperatorOptions, "stack" | "program" | "region" | "instance" | "json">;

/** `stream-ingestion handover <streamId>` */
export function addHandover(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command("handover <streamId>")
    .description(
      "Ask the hop of a stream to hand over within about two minutes. Needs the right to update items of the connection table. Safe to repeat.",
    )
    .option("--stack <name>", "Pulumi stack (default: the running local stack, otherwise the selected one)")
    .option("--program <dir>", "folder of the Pulumi program (default: the current folder)")
    .option("--instance <name>", "name of the StreamIngestion, if the stack has several")
    .option("--region <region>", "AWS region (default: from the URL or the stack, otherwise AWS_REGION)")
    .option("--json", "print JSON")
    .action((streamId: string, options: HandoverOptions) =>
      operate(terminal, options, async () => {
        const [{ exportedResources }, { findDeployment }, { deploymentOf }, { requestHandover }, { DynamoDBClient }] =
          await Promise.all([
            import("./verify/exported-resources"),
            import("./verify/find-deployment"),
            import("./deployment"),
            import("./request-handover"),
            import("@aws-sdk/client-dynamodb"),
          ]);
        const { apiUrl, processorArn, connectionTable } = findDeployment(
          await exportedResources(options),
          options.instance,
        );
        const region = await deploymentOf({ ...options, apiUrl }).region(processorArn);
        const client = new DynamoDBClient(region === undefined ? {} : { region });
        try {
          await requestHandover(client, connectionTable, streamId);
        } finally {
          client.destroy();
        }
        if (options.json) return terminal.out(JSON.stringify({ streamId, requested: true }));
        terminal.out(`${streamId}: handover requested. The hop begins it within about two minutes.`);
      }),
    );
}
