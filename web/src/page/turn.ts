// One question and its answer as the page shows it, folded from the entries of the session log. Pure.
import type {
  Answer,
  AnswerStatus,
  Cell,
  Column,
  Entry,
  Insight,
  Option,
  Problem,
  Suggestion,
  Visualization,
  WireRow,
} from "../loquat-client/index.ts";

export interface Step {
  type: string;
  agent: string;
  summary: string;
  durationMs: number | undefined;
}

export interface Turn {
  /** Our own name for it: the client_id where we asked, else the message_id. */
  key: string;
  messageId: string | undefined;
  question: string;
  askedAt: string | undefined;
  phase: "sending" | "running" | "done" | "refused";
  activity: "queued" | "thinking" | "executing";
  steps: Step[];
  progress: { done: number; total: number | undefined; unit: string } | undefined;
  interpretation: string;
  query: Record<string, unknown> | undefined;
  confidence: number | undefined;
  sql: string;
  dialect: string;
  columns: Column[];
  rows: Cell[][];
  visualization: Visualization | undefined;
  text: string;
  insights: Insight[];
  suggestions: Suggestion[];
  clarification: { question: string; options: Option[] } | undefined;
  degraded: { integration: string; behaviour: string }[];
  problem: Problem | undefined;
  status: AnswerStatus | undefined;
  answer: Answer | undefined;
}

export function newTurn(key: string, question: string): Turn {
  return {
    key,
    messageId: undefined,
    question,
    askedAt: undefined,
    phase: "sending",
    activity: "queued",
    steps: [],
    progress: undefined,
    interpretation: "",
    query: undefined,
    confidence: undefined,
    sql: "",
    dialect: "",
    columns: [],
    rows: [],
    visualization: undefined,
    text: "",
    insights: [],
    suggestions: [],
    clarification: undefined,
    degraded: [],
    problem: undefined,
    status: undefined,
    answer: undefined,
  };
}

export function refused(turn: Turn, problem: Problem): Turn {
  return { ...turn, phase: "refused", problem };
}

/** All turns of a conversation after one more entry. */
export function foldLog(turns: readonly Turn[], entry: Entry): Turn[] {
  if (entry.type === "message") return asked(turns, entry);
  const at = turns.findLastIndex((turn) => turn.messageId !== undefined && turn.messageId === entry.message_id);
  const turn = turns[at];
  if (!turn) return [...turns];
  return replaced(turns, at, fold(turn, entry));
}

function replaced<T>(list: readonly T[], at: number, item: T): T[] {
  return list.map((old, index) => (index === at ? item : old));
}

function asked(turns: readonly Turn[], entry: Extract<Entry, { type: "message" }>): Turn[] {
  if (entry.role !== undefined && entry.role !== "user") return [...turns];
  const at = turns.findIndex(
    (turn) => turn.key === entry.client_id || (turn.messageId !== undefined && turn.messageId === entry.message_id),
  );
  const key = entry.client_id ?? entry.message_id ?? String(entry.seq);
  const turn = turns[at] ?? newTurn(key, entry.content);
  const now: Turn = {
    ...turn,
    messageId: entry.message_id,
    question: entry.content,
    askedAt: entry.timestamp,
    phase: turn.phase === "done" ? "done" : "running",
    problem: undefined,
  };
  return at < 0 ? [...turns, now] : replaced(turns, at, now);
}

export function fold(turn: Turn, entry: Entry): Turn {
  switch (entry.type) {
    case "status":
      return { ...turn, activity: entry.status };
    case "step_start":
      return { ...turn, steps: [...turn.steps, step(entry.step_type, entry.agent, entry.summary)] };
    case "step_complete":
      return { ...turn, steps: stepDone(turn.steps, entry) };
    case "progress":
      return { ...turn, progress: { done: entry.done, total: entry.total, unit: entry.unit ?? "" } };
    case "interpretation":
      return {
        ...turn,
        interpretation: entry.text,
        query: entry.query as Record<string, unknown> | undefined,
        confidence: entry.confidence,
      };
    case "sql":
      return { ...turn, sql: entry.sql, dialect: entry.dialect ?? turn.dialect };
    case "data": {
      const columns = entry.columns ?? turn.columns;
      const before = entry.chunk === 0 ? [] : turn.rows;
      return { ...turn, columns, rows: before.concat(rowsOf(entry.rows, columns)) };
    }
    case "visualization":
      return { ...turn, visualization: withType(entry, entry.visualization_type) };
    case "text":
      return { ...turn, text: turn.text + entry.content };
    case "insight":
      return { ...turn, insights: [...turn.insights, entry] };
    case "suggestion":
      return { ...turn, suggestions: [...turn.suggestions, withType(entry, entry.suggestion_type)] };
    case "clarification":
      return { ...turn, clarification: { question: entry.question, options: entry.options } };
    case "degraded":
      return { ...turn, degraded: [...turn.degraded, { integration: entry.integration, behaviour: entry.behaviour ?? "" }] };
    case "error":
      return { ...turn, problem: { code: entry.code, message: entry.message } };
    case "complete":
      return completed(turn, entry);
    default:
      return turn;
  }
}

/** On the log an entry's own `type` stands where the object's would. */
function withType<T extends { type?: string }>(entry: T, type: string | undefined): T {
  const { type: _entryType, ...rest } = entry;
  return { ...rest, ...(type === undefined ? {} : { type }) } as T;
}

function step(type: string, agent?: string, summary?: string): Step {
  return { type, agent: agent ?? "", summary: summary ?? "", durationMs: undefined };
}

function stepDone(steps: Step[], entry: Extract<Entry, { type: "step_complete" }>): Step[] {
  const done = { ...step(entry.step_type, entry.agent, entry.summary), durationMs: entry.duration_ms ?? 0 };
  const open = steps.findLastIndex((s) => s.type === entry.step_type && s.durationMs === undefined);
  return open < 0 ? [...steps, done] : replaced(steps, open, done);
}

/** `complete` carries the whole answer but the rows: it has the last word on everything else. */
function completed(turn: Turn, entry: Extract<Entry, { type: "complete" }>): Turn {
  const answer = entry.answer;
  const done: Turn = { ...turn, phase: "done", status: entry.status, answer };
  if (!answer) return done;
  const columns = answer.data?.columns?.length ? answer.data.columns : turn.columns;
  return {
    ...done,
    columns,
    rows: answer.data?.rows ? rowsOf(answer.data.rows, columns) : turn.rows,
    interpretation: answer.interpretation || turn.interpretation,
    query: (answer.query as Record<string, unknown> | undefined) ?? turn.query,
    confidence: answer.confidence ?? turn.confidence,
    sql: answer.sql || turn.sql,
    dialect: answer.dialect || turn.dialect,
    text: answer.response || turn.text,
    visualization: answer.visualization ?? turn.visualization,
    insights: answer.insights?.length ? answer.insights : turn.insights,
    suggestions: answer.suggestions?.length ? answer.suggestions : turn.suggestions,
    clarification: answer.clarification ?? turn.clarification,
  };
}

export function rowsOf(rows: readonly WireRow[], columns: readonly Column[]): Cell[][] {
  return rows.map((row) => (Array.isArray(row) ? row : columns.map((column) => row[column.name] ?? null)));
}

/** What the answer will look like, known from the query before its rows: lets the page keep the place free. */
export function expectedShape(turn: Turn): "none" | "number" | "chart" {
  if (turn.status && turn.rows.length === 0) return "none";
  if (isSingleNumber(turn)) return "number";
  if (turn.visualization?.spec) return "chart";
  if (turn.status || turn.visualization) return "none";
  if (!turn.query) return "none";
  const groupBy = turn.query["group_by"];
  return Array.isArray(groupBy) && groupBy.length > 0 ? "chart" : "number";
}

export function isSingleNumber(turn: Turn): boolean {
  const row = turn.rows[0];
  if (turn.rows.length !== 1 || !row) return false;
  return turn.visualization?.type === "number" || (!turn.visualization?.spec && row.length === 1);
}
