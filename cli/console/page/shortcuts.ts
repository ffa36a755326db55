export interface Shortcut {
  readonly keys: readonly string[];
  readonly does: string;
}

export const VIEWS = ["streams", "handovers", "events", "failures", "logs", "alarms"] as const;
export type View = (typeof VIEWS)[number];

/** All shortcuts, as the help lists them. */
export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ["1", "…", "6"], does: "Open a view" },
  { keys: ["/"], does: "Go to the first filter" },
  { keys: ["j", "k"], does: "Next or previous row (also ↓ and ↑)" },
  { keys: ["Home", "End"], does: "First or last row" },
  { keys: ["Esc"], does: "Close, or leave the filter" },
  { keys: ["s"], does: "Start the selected stream" },
  { keys: ["x"], does: "Stop the selected stream" },
  { keys: ["h"], does: "Hand over the selected stream now" },
  { keys: ["p"], does: "Pause or continue the events" },
  { keys: ["c"], does: "Copy the selected payload" },
  { keys: ["r"], does: "Redrive the selected failure" },
  { keys: ["R"], does: "Redrive all failures" },
  { keys: ["d"], does: "Discard the selected failure" },
  { keys: ["+", "−"], does: "Zoom the timeline" },
  { keys: ["t"], does: "Light, dark, or as the system" },
  { keys: ["?"], does: "Show this help" },
];

/** The selected row after a key; undefined if the key does not move the selection. */
export function moved(key: string, selected: number, rows: number): number | undefined {
  const last = rows - 1;
  const to = (row: number) => (rows === 0 ? undefined : Math.max(0, Math.min(last, row)));
  switch (key) {
    case "j":
    case "ArrowDown":
      return to(selected + 1);
    case "k":
    case "ArrowUp":
      return to(selected < 0 ? last : selected - 1);
    case "PageDown":
      return to(selected + 20);
    case "PageUp":
      return to(selected - 20);
    case "Home":
      return to(0);
    case "End":
      return to(last);
    default:
      return undefined;
  }
}

/** From `#/events`. */
export function viewOf(hash: string): View {
  const name = hash.replace(/^#\//, "");
  return VIEWS.find((view) => view === name) ?? "streams";
}
