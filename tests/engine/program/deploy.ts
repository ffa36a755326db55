// `node deploy.ts STACK`: runs an up without Pulumi's language host. Other settings are in the environment.

import { program } from "../deployment";
import { createBackend } from "../engine-stack";

async function main([stackName = ""]: readonly string[]): Promise<void> {
  const backend = createBackend();
  try {
    const stack = await backend.stack({ name: stackName, environment: {} });
    const { outputs } = await stack.up(program());
    process.stdout.write(`${outputs.apiUrl}\n`);
  } finally {
    backend.remove();
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
