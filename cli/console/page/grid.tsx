import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { moved } from "./shortcuts";
import { scrollToRow, visibleRows } from "./visible-rows";

export interface Column<T> {
  readonly title: string;
  /** Default: the title. */
  readonly heading?: ComponentChildren;
  readonly hint?: string;
  /** As in CSS. */
  readonly width: string;
  /** The width of the table from which on the column is shown. @default always */
  readonly from?: number;
  /** `number` is aligned on the right. */
  readonly kind?: "text" | "number" | "wide";
  readonly cell: (row: T) => ComponentChildren;
}

interface GridProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly id: (row: T) => string;
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
  readonly rowHeight?: number;
  /** Rows that are headings are not. Default: all. */
  readonly isSelectable?: (row: T) => boolean;
  readonly rowClass?: (row: T) => string | undefined;
  readonly empty: ComponentChildren;
}

const ROW_HEIGHT = 28;
/** The heading stays in sight above the rows, as in the style sheet. */
const HEAD_HEIGHT = 26;

/** A table that draws only the rows in sight. One of its rows is selected, with the keys or with a click. */
export function Grid<T>(props: GridProps<T>) {
  const { label, rows, id, selected, onSelect, rowHeight = ROW_HEIGHT, rowClass, empty } = props;
  const { isSelectable = () => true } = props;
  const body = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600, width: 0 });
  const measure = () => {
    const { scrollTop: top = 0, clientHeight = 0, clientWidth: width = 0 } = body.current ?? {};
    const height = clientHeight - HEAD_HEIGHT;
    const isSame = (old: typeof scroll) => old.top === top && old.height === height && old.width === width;
    setScroll((old) => (isSame(old) ? old : { top, height, width }));
  };
  useLayoutEffect(measure, [rows.length]);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(body.current!);
    return () => observer.disconnect();
  }, []);

  const index = selected === undefined ? -1 : rows.findIndex((row) => id(row) === selected);
  /** To that row, or to the next one in the direction, or else back. */
  const go = (wanted: number, step: number) => {
    const canGo = (row: number) => row >= 0 && row < rows.length && isSelectable(rows[row]!);
    const after = (from: number, direction: number) => {
      let row = from;
      while (row >= 0 && row < rows.length && !canGo(row)) row += direction;
      return canGo(row) ? row : undefined;
    };
    const row = after(wanted, step) ?? after(wanted, -step);
    if (row === undefined) return;
    onSelect(id(rows[row]!));
    const { current } = body;
    if (current) current.scrollTop = scrollToRow(row, rowHeight, current.scrollTop, current.clientHeight - HEAD_HEIGHT);
  };
  // The keys work without a click into the table first: the first table has them, unless another one has the focus.
  const latest = useRef({ index, go, length: rows.length });
  latest.current = { index, go, length: rows.length };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target, key } = event;
      const isElsewhere = target instanceof HTMLElement && target.matches("input, select, textarea, pre");
      const focused = document.activeElement?.closest("[role=grid]") ?? document.querySelector("[role=grid]");
      if (focused !== body.current) return;
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
      const to = moved(key, latest.current.index, latest.current.length);
      if (to === undefined || isElsewhere || !isPlain || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      latest.current.go(to, to < latest.current.index ? -1 : 1);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const columns = props.columns.filter(({ from = 0 }) => scroll.width >= from);
  const template = columns.map(({ width }) => width).join(" ");
  const { first, end } = visibleRows(rows.length, rowHeight, scroll.top, scroll.height);
  const cellClass = (kind: Column<T>["kind"]) => `cell ${kind ?? "text"}`;
  const rowId = (row: T) => `row-${label}-${id(row)}`.replaceAll(/\s/g, "_");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table element cannot draw a part of its rows
    <div
      class="grid"
      ref={body}
      onScroll={measure}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
      aria-activedescendant={index >= first && index < end ? rowId(rows[index]!) : undefined}
    >
      {/* biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus */}
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      <div class="row head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
        {columns.map(({ title, heading, hint, kind }) => (
          // biome-ignore lint/a11y/useFocusableInteractive: as above
          // biome-ignore lint/a11y/useSemanticElements: as above
          <div key={title} class={cellClass(kind)} role="columnheader" title={hint}>
            {heading ?? title}
          </div>
        ))}
      </div>
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
            aria-selected={isSelectable(row) ? id(row) === selected : undefined}
            style={{
              gridTemplateColumns: template,
              height: `${rowHeight}px`,
              transform: `translateY(${(first + offset) * rowHeight}px)`,
            }}
            onClick={() => isSelectable(row) && onSelect(id(row))}
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
  );
}
