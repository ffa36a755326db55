import { existsSync, writeFileSync } from "node:fs";
import { eachEvent } from "../../../runtime/processor";

/** What an event of these tests asks of the processor. */
export interface Order {
  readonly do: "log" | "throw" | "throw-until" | "hang" | "block" | "die-once";
  /** `throw-until`: the attempt that succeeds. */
  readonly attempt?: number;
  /** `throw`: only while this file is absent. `die-once`: leaves this file and dies, unless it is there. */
  readonly file?: string;
}

/** Does as each event says, and logs those that it handled. Events that are no orders are logged with their bytes. */
export const handler = eachEvent(async (event, context) => {
  const order: Order = event.data.startsWith('{"do"') ? (event.json() as Order) : { do: "log" };
  switch (order.do) {
    case "throw":
      if (!existsSync(order.file ?? "")) throw Object.assign(new Error("told to throw"), { code: "TOLD" });
      break;
    case "throw-until":
      if (context.attempt < (order.attempt ?? 0)) throw new Error(`attempt ${context.attempt}`);
      break;
    case "hang":
      await new Promise(() => {});
      break;
    case "block":
      for (;;);
    case "die-once":
      if (existsSync(order.file!)) break;
      writeFileSync(order.file!, "");
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
