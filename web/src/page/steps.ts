import { humanize } from "./format.ts";
import type { Turn } from "./turn.ts";

const kLabels: Record<string, string> = {
  INTENT_ANALYSIS: "Reading the question",
  ENTITY_EXTRACTION: "Finding metrics and dimensions",
  TOOL_SELECTION: "Choosing how to answer",
  SQL_GENERATION: "Writing the query",
  VALIDATION: "Checking the result",
  REFINEMENT: "Refining the query",
  RESPONSE: "Writing the answer",
};

export function stepLabel(type: string): string {
  return kLabels[type] ?? humanize(type);
}

/** What is going on right now, in one short line. */
export function activityOf(turn: Turn): string {
  if (turn.phase === "sending") return "Sending";
  if (turn.rows.length > 0) return "Writing the answer";
  if (turn.progress) {
    const { done, total, unit } = turn.progress;
    return `Running the query · ${done.toLocaleString()}${total ? ` of ${total.toLocaleString()}` : ""} ${unit}`;
  }
  if (turn.activity === "executing") return "Running the query";
  const open = turn.steps.findLast((step) => step.durationMs === undefined) ?? turn.steps.at(-1);
  if (open) return stepLabel(open.type);
  return turn.activity === "queued" ? "Waiting for its turn" : "Reading the question";
}
