// `node deploy.ts STACK`: what `pulumi up` does, without Pulumi's language host. Everything else comes from the environment.

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
