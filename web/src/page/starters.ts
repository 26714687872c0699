// First questions, made of the words of the served model alone.
import type { Dimension, Metric, Suggestion } from "../loquat-client/index.ts";
import { humanize, labelOf } from "./format.ts";

export interface Starter {
  question: string;
  note: string;
}

export const kStartersMax = 4;

/** The question that a suggestion stands for, wherever its action keeps it. */
export function questionOf(suggestion: Suggestion): string | undefined {
  const payload = suggestion.action?.payload;
  if (typeof payload === "string") return payload;
  const fields = (payload ?? {}) as Record<string, unknown>;
  for (const name of ["message", "question", "refinement", "content"]) {
    if (typeof fields[name] === "string") return fields[name];
  }
  return suggestion.action ? undefined : suggestion.content;
}

/** The metrics that a newcomer understands first: plain ones, described, before those derived from them. */
export function frontMetrics(metrics: readonly Metric[], count: number): Metric[] {
  const rank = (metric: Metric) => (metric.type && metric.type !== "simple" ? 2 : 0) + (metric.description ? 0 : 1);
  return metrics
    .map((metric, at) => ({ metric, at }))
    .sort((a, b) => rank(a.metric) - rank(b.metric) || a.at - b.at)
    .slice(0, count)
    .map(({ metric }) => metric);
}

export function starters(
  metrics: readonly Metric[],
  dimensionsOf: ReadonlyMap<string, readonly Dimension[]>,
  suggestions: readonly Suggestion[],
): Starter[] {
  const found: Starter[] = [];
  const add = (question: string | undefined, note: string) => {
    if (!question || found.length === kStartersMax) return;
    if (found.some((starter) => starter.question.toLowerCase() === question.toLowerCase())) return;
    found.push({ question, note });
  };
  for (const suggestion of suggestions) {
    const question = questionOf(suggestion);
    add(question, question ? (describedIn(question, metrics) ?? suggestion.content) : "");
  }
  frontMetrics(metrics, kStartersMax).forEach((metric, at) => {
    const dimensions = dimensionsOf.get(metric.name) ?? [];
    const label = labelOf(metric);
    const note = metric.description ?? "";
    const grouping = dimensions.filter((d) => !isTime(d) && !/(^|_)id$/i.test(d.name));
    const category = grouping[at % Math.max(1, grouping.length)];
    const timed = dimensions.length === 0 || dimensions.some(isTime);
    if (at % 2 === 0 && timed) add(`${label} by month`, note);
    else if (category) add(`${label} by ${dimensionWord(category)}`, note);
    else add(label, note);
  });
  return found;
}

/** What the model says of the metric that a question names. */
function describedIn(question: string, metrics: readonly Metric[]): string | undefined {
  const text = question.toLowerCase();
  const named = metrics.filter((metric) => text.includes(labelOf(metric).toLowerCase()));
  const longest = named.sort((a, b) => labelOf(b).length - labelOf(a).length)[0];
  return longest?.description || undefined;
}

function isTime(dimension: Dimension): boolean {
  return dimension.type?.toLowerCase() === "time" || dimension.name.startsWith("metric_time");
}

function dimensionWord(dimension: Dimension): string {
  return (dimension.label || humanize(dimension.name.split("__").at(-1) ?? dimension.name)).toLowerCase();
}
