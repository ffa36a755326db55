import { NO_COUNTS } from "../contract";
import { changeFor, type Telling } from "./change-for";
import { toConnectionRow, write } from "./connection-table";
import type { StreamDeps } from "./hop-deps";
import { HOP_EVENT } from "./hop-log";
import type { RelayRunner } from "./relay-runner";
import type { RowChange } from "./row-change";
import type { Ask, Here, Input } from "./stream-state";

/** Asks the table, or Lambda, what the state machine wants asked, and remembers what the table has been told. */
export function questioner(
  streamId: string,
  here: () => Here,
  deps: StreamDeps,
  relay: RelayRunner,
): (question: Ask) => Promise<Input> {
  const { table, invokeStream } = deps;
  const logger = deps.logger.with({ streamId });
  let told = NO_COUNTS;
  let unsure: { change: RowChange; told: typeof told } | undefined;

  /** Counts are added, so a write whose fate is unknown is looked up before the next one tells the same again. */
  const settle = async () => {
    if (!unsure) return;
    const row = await table.read(streamId);
    if (row && unsure.change.madeBy(row)) told = unsure.told;
    unsure = undefined;
  };

  const change = async (question: Exclude<Ask, { ask: "read" | "invoke" }>): Promise<Input> => {
    await settle();
    const snapshot = relay.snapshot();
    const telling = changeFor(question, here(), { snapshot, told, closedAt: relay.closedAt() });
    const counts = telling.change.add !== undefined && question.ask !== "acquire";
    if (counts) unsure = { change: telling.change, told: snapshot.counters };
    const written = await write(table, streamId, telling.change);
    if (counts && written.applied) told = snapshot.counters;
    if (written.applied || !written.unsure) unsure = undefined;
    if (written.applied) report(question, telling, written.row.generation);
    return { kind: "answer", to: question, written };
  };

  const report = (question: Ask, { measured }: Telling, generation: number) => {
    if (question.ask === "claim") logger.log("info", "Claimed the stream", { event: HOP_EVENT.claimed, generation });
    if (question.ask === "acquire") logger.log("info", "Acquired the lease", { event: HOP_EVENT.acquired, generation });
    if (!measured) return;
    logger.log("info", "Handed over", { event: HOP_EVENT.handover, generation, ...measured });
    deps.onHandover?.(measured);
  };

  return async (question) => {
    try {
      if (question.ask === "read") {
        const row = await table.read(streamId);
        return { kind: "answer", to: question, written: { applied: false, row: row && toConnectionRow(row) } };
      }
      if (question.ask !== "invoke") return await change(question);
      const { generation } = question;
      await invokeStream({ streamId, ...(generation !== undefined && { generation }) });
      logger.log("info", "Invoked a successor", { event: HOP_EVENT.invoked, generation });
      return { kind: "invoked" };
    } catch (error) {
      logger.log("warn", "No answer", { event: HOP_EVENT.noAnswer, ask: question.ask, error });
      return { kind: "no-answer", to: question };
    }
  };
}
