import { existsSync, writeFileSync } from "node:fs";
import { eachEvent } from "../../../runtime/processor";

/** An instruction that an event of these tests gives to the processor. */
export interface Instruction {
  readonly do: "log" | "throw" | "throw-until" | "hang" | "block" | "die-once";
  /** `throw-until`: the attempt that succeeds. */
  readonly attempt?: number;
  /** `throw`: only while this file does not exist. `die-once`: creates this file and kills the process, unless it exists. */
  readonly file?: string;
}

/** Follows the instruction in each event, and logs the events that it handled. Other events are only logged. */
export const handler = eachEvent(async (event, context) => {
  const instruction: Instruction = event.data.startsWith('{"do"') ? (event.json() as Instruction) : { do: "log" };
  switch (instruction.do) {
    case "throw":
      if (!existsSync(instruction.file ?? ""))
        throw Object.assign(new Error("requested failure"), { code: "REQUESTED" });
      break;
    case "throw-until":
      if (context.attempt < (instruction.attempt ?? 0)) throw new Error(`attempt ${context.attempt}`);
      break;
    case "hang":
      await new Promise(() => {});
      break;
    case "block":
      for (;;);
    case "die-once":
      if (existsSync(instruction.file!)) break;
      writeFileSync(instruction.file!, "");
      process.kill(process.pid, "SIGKILL");
      await new Promise(() => {});
  }
  const { key, bytes, binary } = event;
  console.log(
    JSON.stringify({
      handled: key,
      bytes: Buffer.from(bytes).toString("base64").slice(0, 64),
      size: bytes.length,
      binary,
    }),
  );
});
