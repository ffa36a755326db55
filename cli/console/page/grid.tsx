import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { moved } from "./shortcuts";
import { scrollToRow, visibleRows } from "./visible-rows";

export interface Column<T> {
  readonly title: string;
  readonly hint?: string;
  /** `number` is aligned on the right. */
  readonly kind?: "text" | "number" | "wide";
  readonly cell: (row: T) => ComponentChildren;
}

interface GridProps<T> {
  readonly label: string;
  /** Widths of the columns, as in CSS. */
  readonly template: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly id: (row: T) => string;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
  readonly rowHeight?: number;
  readonly rowClass?: (row: T) => string | undefined;
  readonly empty: ComponentChildren;
}

const ROW_HEIGHT = 28;

/** A table that draws only the rows in sight. One of its rows is selected, with the keys or with a click. */
export function Grid<T>(props: GridProps<T>) {
  const { label, template, columns, rows, id, selected, onSelect, rowHeight = ROW_HEIGHT, rowClass, empty } = props;
  const body = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  const measure = () => {
    const { scrollTop: top = 0, clientHeight: height = 0 } = body.current ?? {};
    setScroll((old) => (old.top === top && old.height === height ? old : { top, height }));
  };
  useLayoutEffect(measure, [rows.length]);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(body.current!);
    return () => observer.disconnect();
  }, []);

  const index = selected === undefined ? -1 : rows.findIndex((row) => id(row) === selected);
  const go = (row: number) => {
    onSelect(id(rows[row]!));
    const { current } = body;
    if (current) current.scrollTop = scrollToRow(row, rowHeight, current.scrollTop, current.clientHeight);
  };
  // The keys work without a click into the table first.
  const latest = useRef({ index, go, length: rows.length });
  latest.current = { index, go, length: rows.length };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target, key } = event;
      const isElsewhere = target instanceof HTMLElement && target.matches("input, select, textarea, pre");
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
      const to = moved(key, latest.current.index, latest.current.length);
      if (to === undefined || isElsewhere || !isPlain || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      latest.current.go(to);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const { first, end } = visibleRows(rows.length, rowHeight, scroll.top, scroll.height);
  const cellClass = (kind: Column<T>["kind"]) => `cell ${kind ?? "text"}`;
  const rowId = (row: T) => `row-${label}-${id(row)}`.replaceAll(/\s/g, "_");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table element cannot draw a part of its rows
    <div
      class="grid"
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      aria-activedescendant={index >= first && index < end ? rowId(rows[index]!) : undefined}
    >
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus */}
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div class="row head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
        {columns.map(({ title, hint, kind }) => (
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          // biome-ignore lint/a11y/useSemanticElements: as above
          <div key={title} class={cellClass(kind)} role="columnheader" title={hint}>
            {title}
          </div>
        ))}
      </div>
      <div class="body" ref={body} onScroll={measure} role="presentation">
        {rows.length === 0 && <div class="empty">{empty}</div>}
        <div class="all" role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(first, end).map((row, offset) => (
            // biome-ignore lint/a11y/useFocusableInteractive: as above
            // biome-ignore lint/a11y/useSemanticElements: as above
            // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys
            <div
              key={id(row)}
              id={rowId(row)}
              class={`row ${rowClass?.(row) ?? ""}`}
              role="row"
              aria-rowindex={first + offset + 2}
              aria-selected={id(row) === selected}
              style={{
                gridTemplateColumns: template,
                height: `${rowHeight}px`,
                transform: `translateY(${(first + offset) * rowHeight}px)`,
              }}
              onClick={() => onSelect(id(row))}
            >
              {columns.map(({ title, kind, cell }) => (
                // biome-ignore lint/a11y/useSemanticElements: as above
                // biome-ignore lint/a11y/useFocusableInteractive: as above
                <div key={title} class={cellClass(kind)} role="gridcell">
                  {cell(row)}
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
