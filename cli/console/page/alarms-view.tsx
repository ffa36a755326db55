import type { AlarmView } from "../protocol";
import { useConsole, useKept } from "./console-context";
import { seconds } from "./format";
import { Grid } from "./grid";
import { Name } from "./name";

const ORDER: Readonly<Record<AlarmView["state"], number>> = { ALARM: 0, INSUFFICIENT_DATA: 1, OK: 2 };

const STATES: Readonly<Record<AlarmView["state"], string>> = {
  ALARM: "ALARM",
  INSUFFICIENT_DATA: "no data",
  OK: "OK",
};

export function AlarmsView() {
  const { model, now } = useConsole();
  const [selected, setSelected] = useKept<string | undefined>("alarms.selected", undefined);
  const rows = [...model.alarms.values()].sort((a, b) => ORDER[a.state] - ORDER[b.state] || (a.id < b.id ? -1 : 1));
  return (
    <section class="list">
      <Grid
        label="Alarms"
        columns={[
          {
            title: "State",
            width: "84px",
            cell: ({ state }: AlarmView) => (
              <span class={`state ${state === "ALARM" ? "failed wrong" : state === "OK" ? "open" : "closed"}`}>
                {STATES[state]}
              </span>
            ),
          },
          {
            title: "Since",
            width: "90px",
            kind: "number",
            cell: ({ since }) => (since === undefined ? "–" : seconds(now - since)),
          },
          { title: "Alarm", width: "minmax(140px, 1.4fr)", cell: ({ id }) => <Name text={id} /> },
          { title: "Instance", width: "minmax(80px, 0.6fr)", from: 800, cell: ({ instance }) => instance },
          {
            title: "Description",
            width: "minmax(180px, 3fr)",
            from: 600,
            cell: ({ description }) => <span title={description}>{description ?? "–"}</span>,
          },
        ]}
        rows={rows}
        id={({ id }) => id}
        selected={selected}
        onSelect={setSelected}
        rowClass={({ state }) => (state === "ALARM" ? "attention" : "")}
        empty={
          <>
            <strong>No alarms</strong>
            <p>The alarms of the program appear here with their states.</p>
          </>
        }
      />
    </section>
  );
}
