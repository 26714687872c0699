// The drawing of a chart: Vega-Lite, compiled to a graph that an interpreter walks, so that no text is ever
// evaluated as code (CSP without 'unsafe-eval'), and nothing is loaded from anywhere.
import { parse, View, Warn, type Spec } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Cell, Column } from "../loquat-client/index.ts";
import { toValues } from "./values.ts";
import { themeConfig } from "./theme.ts";
import { makeTooltip } from "./tooltip.ts";

export interface ChartInput {
  spec: Record<string, unknown>;
  columns: readonly Column[];
  rows: readonly Cell[][];
  height: number;
}

export interface Chart {
  resize(width: number): void;
  destroy(): void;
}

const kComposed = ["hconcat", "vconcat", "concat", "facet", "repeat"];

function prepared({ spec, columns, rows, height }: ChartInput, width: number): TopLevelSpec {
  const named = (spec["data"] as { name?: string } | undefined)?.name;
  const single = !kComposed.some((key) => key in spec);
  const data = { ...(named ? { name: named } : {}), values: toValues(spec, columns, rows) };
  const size = single ? { width, height, autosize: { type: "fit", contains: "padding" } } : {};
  return { ...spec, background: "transparent", ...size, data } as unknown as TopLevelSpec;
}

export async function drawChart(element: HTMLElement, input: ChartInput): Promise<Chart> {
  const width = Math.max(120, element.clientWidth);
  const vega = compile(prepared(input, width), { config: themeConfig(element) }).spec as Spec;
  const tooltip = makeTooltip(input.columns, input.rows);
  const view = new View(parse(vega, undefined, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "svg",
    hover: true,
    logLevel: Warn,
    loader: { load: refuse, sanitize: refuse, http: refuse, file: refuse } as never,
    tooltip: tooltip.show,
  } as ConstructorParameters<typeof View>[1]);
  await view.initialize(element).runAsync();
  return {
    resize: (next) => void view.width(Math.max(120, next)).runAsync(),
    destroy: () => {
      tooltip.destroy();
      view.finalize();
      element.replaceChildren();
    },
  };
}

/** A specification may name no file and no link: its data is what came with the answer. */
function refuse(): Promise<never> {
  return Promise.reject(new Error("charts load nothing"));
}
