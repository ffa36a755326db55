import { type RelaySettings, smallestRelayMemoryMb } from "../runtime/contract";
import { expect, memory } from "./expect";

/** A hop without the memory for one event of the largest size would be killed with all its streams, again and again. */
export function relayMemory(memorySize: number, settings: Pick<RelaySettings, "relay" | "events">): number {
  const { streamsPerHop } = settings.relay;
  const { maxEventBytes } = settings.events;
  const memoryMb = memory("relay.memorySize", memorySize);
  const needed = smallestRelayMemoryMb(streamsPerHop, maxEventBytes);
  expect(
    memoryMb >= needed,
    "`relay.memorySize`",
    `at least ${needed}, which \`events.maxEventBytes\` ${maxEventBytes} and \`relay.streamsPerHop\` ${streamsPerHop} need`,
    memoryMb,
  );
  return memoryMb;
}
