import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Cell, Column } from "../loquat-client/index.ts";
import { cellFormatter, formatNumber, isNumeric, labelOf } from "./format.ts";

interface Props {
  caption: string;
  columns: readonly Column[];
  rows: readonly Cell[][];
  truncated: boolean;
}

const kRowsFirst = 8;
const kRowsMore = 100;

interface Order {
  at: number;
  descending: boolean;
}

function compare(a: Cell, b: Cell): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** Sorted by one column; what has no value stays at the end either way. */
function sorted(rows: readonly Cell[][], order: Order | undefined): readonly Cell[][] {
  if (!order) return rows;
  const { at, descending } = order;
  return [...rows].sort((x, y) => {
    const a = x[at] ?? null;
    const b = y[at] ?? null;
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return descending ? compare(b, a) : compare(a, b);
  });
}

export function DataTable({ caption, columns, rows, truncated }: Props): JSX.Element {
  const [order, setOrder] = useState<Order>();
  const [shown, setShown] = useState(kRowsFirst);
  const formats = useMemo(() => columns.map((column, at) => cellFormatter(column, rows, at)), [columns, rows]);
  const numeric = columns.map((column, at) => isNumeric(column, rows[0]?.[at]));
  const ordered = useMemo(() => sorted(rows, order), [rows, order]);
  // Hiding a single row behind a button would take the same room as showing it.
  const count = rows.length <= shown + 1 ? rows.length : shown;
  const rest = rows.length - count;

  const turn = (at: number) => {
    if (order?.at !== at) return setOrder({ at, descending: numeric[at] ?? false });
    const first = numeric[at] ?? false;
    setOrder(order.descending === first ? { at, descending: !first } : undefined);
  };
  const sortOf = (at: number) => (order?.at === at ? (order.descending ? "descending" : "ascending") : "none");

  return (
    <div class="table-frame">
      <div class="table-scroll" tabIndex={0} role="region" aria-label={caption}>
        <table class={columns.length === 1 ? "is-single" : ""}>
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map((column, at) => (
                <th key={column.name} scope="col" class={numeric[at] ? "is-number" : ""} aria-sort={sortOf(at)}>
                  <button type="button" class="sort" title={column.name} onClick={() => turn(at)}>
                    {labelOf(column)}
                    <span class="sort-mark" aria-hidden="true" />
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {ordered.slice(0, count).map((row, index) => (
              <tr key={index}>
                {columns.map((column, at) => (
                  <td key={column.name} class={numeric[at] ? "is-number" : ""}>
                    {formats[at]?.(row[at] ?? null)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="table-foot">
        <span>
          {formatNumber(rows.length, "none")} {rows.length === 1 ? "row" : "rows"}
          {truncated ? ", and more than were fetched" : ""}
        </span>
        {rest > 0 ? (
          <button type="button" class="link" onClick={() => setShown(shown + kRowsMore)}>
            Show {formatNumber(Math.min(rest, kRowsMore), "none")} more
          </button>
        ) : null}
      </div>
    </div>
  );
}
