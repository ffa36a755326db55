import { createContext } from "preact";
import { useContext, useState } from "preact/hooks";
import type { Command, CommandResult, History, Payload } from "../protocol";
import type { Model } from "./model";

/** What every view gets. */
export interface ConsoleState {
  readonly model: Model;
  /** Changes with every message: the model changes in place. */
  readonly version: number;
  /** The server's time. */
  readonly now: number;
  readonly stream: string | undefined;
  select(stream: string | undefined): void;
  /** Asks first where the command cannot be undone. */
  run(command: Command, question?: string): void;
  say(message: string): void;
  history(stream: string | undefined): Promise<History | undefined>;
  /** The whole payload of an event or of a failure, or why there is none. */
  payload(kind: "event" | "failure", id: string): Promise<Payload | CommandResult | undefined>;
}

export const ConsoleContext = createContext<ConsoleState | undefined>(undefined);

export function useConsole(): ConsoleState {
  const state = useContext(ConsoleContext);
  if (state === undefined) throw new Error("Expected the view to be inside the console.");
  return state;
}

const kept = new Map<string, unknown>();

/** State that stays when another view opens. */
export function useKept<T>(name: string, initial: T): [T, (value: T) => void] {
  const [value, set] = useState<T>(kept.has(name) ? (kept.get(name) as T) : initial);
  return [
    value,
    (next) => {
      kept.set(name, next);
      set(next);
    },
  ];
}
