// Values and names as people read them.
import type { Cell, Column } from "../loquat-client/index.ts";

const kNumeric = /int|decimal|numeric|double|float|real|number|hugeint/i;
const kTemporal = /date|time/i;
const kGrain = /__(hour|day|week|month|quarter|year)$/;

export function isNumeric(column: Column, sample?: Cell): boolean {
  if (column.type) return kNumeric.test(column.type);
  return typeof sample === "number";
}

export function isTemporal(column: Column): boolean {
  return column.role === "time" || kTemporal.test(column.type ?? "");
}

/** `order__ship_region` → `Ship region`, where the daemon gives no label. */
export function labelOf(column: { name: string; label?: string }): string {
  return column.label || humanize(column.name.split("__").at(-1) ?? column.name);
}

export function humanize(name: string): string {
  const words = name.replace(/[_-]+/g, " ").trim().toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * A wall-clock time without a zone, so that a month never slips into the one before it on a page west
 * of Greenwich.
 */
export function wallClock(text: string): Date | undefined {
  const m = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?/.exec(text);
  if (!m) return undefined;
  const [, y, mo, d, h, mi, s] = m.map(Number) as [number, number, number, number, number?, number?, number?];
  return new Date(y, mo - 1, d, h || 0, mi || 0, s || 0);
}

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
const loose = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

export function formatNumber(value: number, fraction: "none" | "two" | "free" = "free"): string {
  if (value !== 0 && Math.abs(value) < 1) return small.format(value);
  if (fraction === "two") return fine.format(value);
  return fraction === "none" || Number.isInteger(value) ? whole.format(value) : loose.format(value);
}

const kDateForms: Record<string, Intl.DateTimeFormatOptions> = {
  hour: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  day: { year: "numeric", month: "short", day: "numeric" },
  week: { year: "numeric", month: "short", day: "numeric" },
  month: { year: "numeric", month: "short" },
  year: { year: "numeric" },
};
const dateFormats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(grain: string): Intl.DateTimeFormat {
  const known = dateFormats.get(grain);
  if (known) return known;
  const made = new Intl.DateTimeFormat(undefined, kDateForms[grain]);
  dateFormats.set(grain, made);
  return made;
}

export function grainOf(column: Column): string {
  return kGrain.exec(column.name)?.[1] ?? (/timestamp/i.test(column.type ?? "") ? "hour" : "day");
}

export function formatDate(value: string, grain: string): string {
  const date = wallClock(value);
  if (!date) return value;
  if (grain === "quarter") return `Q${Math.floor(date.getMonth() / 3) + 1} ${date.getFullYear()}`;
  return dateFormat(kDateForms[grain] ? grain : "day").format(date);
}

/** One form for a whole column: two decimals for all of its numbers, or for none. */
export function cellFormatter(column: Column, rows: readonly Cell[][], at: number): (cell: Cell) => string {
  const numeric = isNumeric(column, rows[0]?.[at]);
  const broken = numeric && rows.some((row) => typeof row[at] === "number" && !Number.isInteger(row[at]));
  const temporal = isTemporal(column);
  const grain = grainOf(column);
  return (cell) => {
    if (cell === null || cell === undefined) return "–";
    if (typeof cell === "number") return formatNumber(cell, broken ? "two" : "none");
    if (numeric && typeof cell === "string" && cell !== "" && Number.isFinite(Number(cell))) {
      return formatNumber(Number(cell), "free");
    }
    if (temporal && typeof cell === "string") return formatDate(cell, grain);
    return String(cell);
  };
}

export function formatDuration(ms: number): string {
  if (ms < 1) return "<1 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${loose.format(ms / 1000)} s`;
}

export function formatInstant(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text) || /T00:00:00/.test(text)) return formatDate(text, "day");
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(date);
}

const kSpans: [string, number][] = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];

/** `3725` → `1 h 2 min`. */
export function formatSpan(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, Math.floor(seconds));
  for (const [unit, size] of kSpans) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

export function toCsv(columns: readonly Column[], rows: readonly Cell[][]): string {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  // A leading = + - @ would be run as a formula by spreadsheets.
  const safe = (cell: Cell) => {
    const text = cell === null ? "" : String(cell);
    return quote(typeof cell === "string" && /^[=+\-@\t]/.test(text) ? `'${text}` : text);
  };
  const lines = [columns.map((column) => safe(column.name)), ...rows.map((row) => row.map(safe))];
  return lines.map((line) => line.join(",")).join("\r\n");
}
