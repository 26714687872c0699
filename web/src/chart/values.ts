// The rows of an answer as a chart's data.
import type { Cell, Column } from "../loquat-client/index.ts";
import { formatDate, grainOf, isTemporal, wallClock } from "../page/format.ts";

export type Datum = Record<string, Cell | Date>;

/** The fields that a specification draws as points in time, wherever in it they stand. */
function timeFields(spec: unknown, found = new Set<string>()): Set<string> {
  if (typeof spec !== "object" || spec === null) return found;
  const { field, type } = spec as { field?: unknown; type?: unknown };
  if (type === "temporal" && typeof field === "string") found.add(field);
  for (const part of Object.values(spec)) timeFields(part, found);
  return found;
}

/**
 * A time without a zone is that wall-clock time wherever the page is read. Where a chart treats times as
 * names, as bars do, they are written as the table writes them.
 */
export function toValues(spec: Record<string, unknown>, columns: readonly Column[], rows: readonly Cell[][]): Datum[] {
  const asTime = timeFields(spec);
  const utc = JSON.stringify(spec).includes('"utc');
  const convert = columns.map((column) => (isTemporal(column) ? timeOf(column, asTime.has(column.name), utc) : undefined));
  return rows.map((row) => {
    const datum: Datum = {};
    columns.forEach((column, at) => {
      const cell = row[at] ?? null;
      datum[column.name] = typeof cell === "string" ? (convert[at]?.(cell) ?? cell) : cell;
    });
    return datum;
  });
}

function timeOf(column: Column, asTime: boolean, utc: boolean): (text: string) => Date | string | undefined {
  const grain = grainOf(column);
  return (text) => {
    if (!asTime) return formatDate(text, grain);
    const date = wallClock(text);
    return date && utc ? new Date(date.getTime() - date.getTimezoneOffset() * 60_000) : date;
  };
}

const kHeight = 300;
const kBarHeight = 22;

/** Horizontal bars need room for each name; everything else has one height. */
export function heightOf(spec: Record<string, unknown>, rowCount: number): number {
  const y = (spec["encoding"] as { y?: { type?: string } } | undefined)?.y;
  const named = y?.type === "nominal" || y?.type === "ordinal";
  return named ? Math.max(kHeight, rowCount * kBarHeight + 60) : kHeight;
}
