import type { AlarmView } from "../protocol";
import { useConsole, useKept } from "./console-context";
import { seconds } from "./format";
import { Grid } from "./grid";

const ORDER: Readonly<Record<AlarmView["state"], number>> = { ALARM: 0, INSUFFICIENT_DATA: 1, OK: 2 };

export function AlarmsView() {
  const { model, now } = useConsole();
  const [selected, setSelected] = useKept<string | undefined>("alarms.selected", undefined);
  const rows = [...model.alarms.values()].sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.id < b.id ? -1 : 1));
  const { alarms: unavailable } = model.capabilities.unavailable;
  return (
    <section class="list">
      {unavailable && <p class="notice">{unavailable}</p>}
      <Grid
        label="Alarms"
        template="150px 120px minmax(150px, 1fr) minmax(120px, 1fr) minmax(220px, 3fr)"
        columns={[
          {
            title: "State",
            cell: ({ state }: AlarmView) => (
              <span class={`state ${state === "ALARM" ? "failed wrong" : state === "OK" ? "open" : "closed"}`}>
                {state.toLowerCase().replace("_", " ")}
              </span>
            ),
          },
          { title: "Since", kind: "number", cell: ({ since }) => (since === undefined ? "–" : seconds(now - since)) },
          { title: "Alarm", cell: ({ id }) => id },
          { title: "Instance", cell: ({ instance }) => instance },
          { title: "Description", cell: ({ description }) => description ?? "–" },
        ]}
        rows={rows}
        id={({ id }) => id}
        selected={selected}
        onSelect={setSelected}
        rowClass={({ state }) => (state === "ALARM" ? "attention" : "")}
        empty={
          <>
            <strong>No alarms</strong>
            <p>
              Set <code>alarms</code> in the program to create them.
            </p>
          </>
        }
      />
    </section>
  );
}
