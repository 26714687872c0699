import type { Config } from "vega-lite";

/** The page's own colours and type, read from its style sheet so that both themes stay in one place. */
export function themeConfig(element: HTMLElement): Config {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const font = value("--font-text");
  const ink = value("--ink-2");
  const faint = value("--ink-3");
  const grid = value("--chart-grid");
  const palette = Array.from({ length: 8 }, (_, at) => value(`--chart-${at + 1}`));
  const accent = palette[0] as string;
  return {
    font,
    padding: { left: 2, right: 8, top: 8, bottom: 2 },
    view: { stroke: "transparent" },
    mark: { color: accent, tooltip: true },
    line: { color: accent, strokeWidth: 2.25, strokeCap: "round", strokeJoin: "round" },
    point: { color: accent, size: 36, filled: true },
    area: { color: accent, fillOpacity: 0.16, line: { color: accent, strokeWidth: 2.25 } },
    bar: { color: accent, cornerRadiusEnd: 3, discreteBandSize: { band: 0.72 } },
    rule: { color: faint },
    range: {
      category: palette,
      heatmap: [value("--chart-ramp-low"), accent],
      ramp: [value("--chart-ramp-low"), accent],
    },
    axis: {
      labelColor: ink,
      labelFont: font,
      labelFontSize: 11.5,
      labelPadding: 8,
      titleColor: faint,
      titleFont: font,
      titleFontSize: 11.5,
      titleFontWeight: 500,
      titlePadding: 12,
      gridColor: grid,
      domain: false,
      ticks: false,
    },
    axisX: { grid: false, labelFlush: false, labelOverlap: "parity", labelSeparation: 12 },
    axisY: { tickCount: 5 },
    axisQuantitative: { grid: true },
    legend: {
      orient: "top",
      labelColor: ink,
      labelFont: font,
      labelFontSize: 12,
      titleColor: faint,
      titleFont: font,
      titleFontSize: 11.5,
      titleFontWeight: 500,
      symbolType: "circle",
      symbolSize: 70,
    },
    title: { color: ink, font, fontSize: 13, fontWeight: 500, anchor: "start" },
  };
}
