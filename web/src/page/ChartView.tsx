import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Chart } from "../chart/chart.ts";
import { heightOf } from "../chart/values.ts";
import type { Cell, Column } from "../loquat-client/index.ts";
import type { Theme } from "./theme_choice.ts";

interface Props {
  title: string;
  spec: Record<string, unknown>;
  columns: readonly Column[];
  rows: readonly Cell[][];
  theme: Theme;
}

/** Its height is taken before the drawing code has been loaded, so that nothing below it moves. */
export function ChartView({ title, spec, columns, rows, theme }: Props): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState("");
  const height = heightOf(spec, rows.length);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let chart: Chart | undefined;
    let gone = false;
    let width = element.clientWidth;
    const draw = async () => {
      const { drawChart } = await import("../chart/chart.ts");
      if (gone) return;
      chart = await drawChart(element, { spec, columns, rows, height });
      if (gone) chart.destroy();
      else element.dataset["drawn"] = "true";
    };
    draw().catch((error: unknown) => setFailed(String(error)));
    const watch = new ResizeObserver(() => {
      if (Math.abs(element.clientWidth - width) < 2) return;
      width = element.clientWidth;
      chart?.resize(width);
    });
    watch.observe(element);
    return () => {
      gone = true;
      watch.disconnect();
      chart?.destroy();
      delete element.dataset["drawn"];
    };
  }, [spec, columns, rows, theme]);

  return (
    <figure class="chart">
      {failed ? (
        <p class="chart-failed">This chart could not be drawn; the table below has its rows.</p>
      ) : (
        <div ref={place} class="chart-place" style={{ height: `${height}px` }} role="img" aria-label={`Chart: ${title}. The table below has the same rows.`} />
      )}
    </figure>
  );
}
