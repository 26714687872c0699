import type { Cell, Column } from "../loquat-client/index.ts";
import { cellFormatter, isTemporal, labelOf } from "../page/format.ts";

interface Item {
  datum?: Record<string, unknown>;
  x?: number;
  mark?: { marktype?: string; items?: Item[] };
}

/** A line is one shape; what is meant is its point nearest to the pointer. */
function datumAt(event: MouseEvent, item: Item): Record<string, unknown> | undefined {
  const { marktype, items = [] } = item.mark ?? {};
  const matrix = (event.target as Partial<SVGGraphicsElement> | null)?.getScreenCTM?.();
  if ((marktype !== "line" && marktype !== "area") || !matrix) return item.datum;
  const { x } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
  const distance = (point: Item) => Math.abs((point.x ?? 0) - x);
  return items.reduce((best, point) => (distance(point) < distance(best) ? point : best), item).datum;
}

/** Shows the row under the pointer, in the words and number forms of the table below it. */
export function makeTooltip(columns: readonly Column[], rows: readonly Cell[][]) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  box.hidden = true;
  document.body.append(box);
  const formats = columns.map((column, at) => cellFormatter(column, rows, at));

  const fill = (datum: Record<string, unknown>) => {
    const lines = columns.flatMap((column, at) => {
      const value = datum[column.name];
      if (value === undefined) return [];
      const line = document.createElement("div");
      const name = document.createElement("span");
      const text = document.createElement("strong");
      name.textContent = labelOf(column);
      text.textContent = formats[at]?.(plain(value, isTemporal(column))) ?? "";
      line.append(name, text);
      return [line];
    });
    box.replaceChildren(...lines);
    return lines.length > 0;
  };

  const place = (x: number, y: number) => {
    const { width, height } = box.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14;
    const top = Math.min(innerHeight - height - 8, Math.max(8, y - height / 2));
    box.style.transform = `translate(${Math.max(8, left)}px, ${top}px)`;
  };

  return {
    /** Vega gives no event when the view ends. */
    show: (_handler: unknown, event: MouseEvent | null, item: Item | null) => {
      const datum = event && item && event.type !== "mouseout" ? datumAt(event, item) : undefined;
      box.hidden = !event || !datum || !fill(datum);
      if (event && !box.hidden) place(event.clientX, event.clientY);
    },
    destroy: () => box.remove(),
  };
}

/** Times come back from Vega as dates or milliseconds; the table's forms want text. */
function plain(given: unknown, temporal: boolean): Cell {
  const value = temporal && typeof given === "number" ? new Date(given) : given;
  if (!(value instanceof Date)) return value as Cell;
  const two = (n: number) => String(n).padStart(2, "0");
  const day = `${value.getFullYear()}-${two(value.getMonth() + 1)}-${two(value.getDate())}`;
  return `${day}T${two(value.getHours())}:${two(value.getMinutes())}:00`;
}
