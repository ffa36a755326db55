/** `node … stuck-run.ts FOLDER`: runs the program in the folder, with a scenario that does not end after a signal. */
import { reporterFor } from "../../../cli/local/reporter-for";
import { runLocal } from "../../../cli/local/run-local";

const [, , program = ""] = process.argv;
const options = { program, stack: "local", config: {}, secrets: {}, hopSeconds: 60, port: 0 };
void runLocal(options, reporterFor(true), { run: () => new Promise(() => {}) });
