export interface VisibleRows {
  readonly first: number;
  /** The row after the last one. */
  readonly end: number;
}

/** Rows above and below that are drawn before they are visible. */
const MARGIN = 6;

/** The rows of a list that are drawn. */
export function visibleRows(rows: number, rowHeight: number, scrollTop: number, height: number): VisibleRows {
  const first = Math.max(0, Math.min(rows - 1, Math.floor(scrollTop / rowHeight)) - MARGIN);
  const end = Math.min(rows, Math.ceil((scrollTop + height) / rowHeight) + MARGIN);
  return { first, end: Math.max(first, end) };
}

/** Where the list scrolls to so that a row is visible. */
export function scrollToRow(row: number, rowHeight: number, scrollTop: number, height: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + height ? Math.max(0, top + rowHeight - height) : scrollTop;
}
