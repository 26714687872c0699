// What travels between a frontend and Loquat: the envelope, the answer, the entries of the session log.
// Fields may be added by newer servers, so nothing here is taken to be the whole of an object.

export interface Problem {
  code: string;
  message: string;
  field?: string;
}

export interface Envelope<T> {
  success: boolean;
  data: T;
  errors: Problem[];
  warnings: Problem[];
  degraded: string[];
  execution_time_ms: number;
  request_id: string;
}

export interface SessionInfo {
  session_id: string;
  tenant_id?: string;
  user_id?: string;
  title?: string;
  created_at?: string;
  message_count?: number;
}

export interface Column {
  name: string;
  label?: string;
  type?: string;
  role?: string;
}

export type Cell = string | number | boolean | null;
export type WireRow = Cell[] | Record<string, Cell>;

export interface Visualization {
  type?: string;
  x_axis?: string;
  y_axis?: string;
  series?: string;
  spec?: Record<string, unknown>;
}

export interface Insight {
  insight_id?: string;
  insight_type?: string;
  severity?: "info" | "warning" | "critical";
  headline?: string;
  content?: string;
  metric?: string;
  [more: string]: unknown;
}

export interface Suggestion {
  suggestion_id?: string;
  type?: string;
  content: string;
  confidence?: number;
  severity?: string;
  action?: { type?: string; payload?: unknown };
}

export interface Option {
  label: string;
  message: string;
}

export interface Provenance {
  metrics?: unknown[];
  models?: unknown[];
  columns?: unknown[];
  filters?: unknown[];
  time_range?: unknown;
  data_as_of?: string;
  model_version?: string;
  [more: string]: unknown;
}

export type AnswerStatus = "complete" | "clarification" | "unanswerable" | "cancelled" | "failed";

export interface Answer {
  message_id: string;
  response_id: string;
  trace_id?: string;
  query_id?: string;
  response?: string;
  intent?: string;
  status: AnswerStatus;
  query?: unknown;
  sql?: string;
  dialect?: string;
  data?: { columns?: Column[]; rows?: WireRow[]; row_count?: number; truncated?: boolean };
  visualization?: Visualization | null;
  insights?: Insight[];
  suggestions?: Suggestion[];
  clarification?: { question: string; options: Option[] } | null;
  confidence?: number;
  interpretation?: string;
  provenance?: Provenance;
  agents_visited?: string[];
  learnt_from?: { kind: 'verified' | 'memory'; id: string; version: number; question: string; match: string; author: string } | null;
  checks?: string[];
  personalized?: boolean;
  execution_time_ms?: number;
  warnings?: Problem[];
  degraded?: string[];
}

interface EntryHead {
  seq: number;
  session_id?: string;
  message_id?: string;
  trace_id?: string;
  timestamp?: string;
}

/** What one entry of the session log can say, by its `type`. */
export interface EntryBodies {
  message: { content: string; role?: string; client_id?: string };
  stream_start: { agent?: string };
  status: { status: "queued" | "thinking" | "executing"; agent?: string };
  step_start: { step_type: string; agent?: string; summary?: string };
  step_complete: { step_type: string; agent?: string; duration_ms?: number; summary?: string };
  tool_call: { tool: string; input?: unknown };
  tool_result: { tool: string; summary?: string };
  progress: { done: number; total?: number; unit?: string };
  interpretation: { text: string; query?: unknown; confidence?: number };
  sql: { sql: string; dialect?: string; query_id?: string };
  data: { columns?: Column[]; rows: WireRow[]; chunk?: number; last?: boolean };
  visualization: Visualization & { visualization_type?: string };
  text: { content: string };
  insight: Insight;
  suggestion: Suggestion & { suggestion_type?: string };
  clarification: { question: string; options: Option[] };
  degraded: { integration: string; behaviour?: string };
  error: { code: string; message: string; retryable?: boolean };
  complete: { response_id?: string; status: AnswerStatus; execution_time_ms?: number; answer?: Answer };
}

export type EntryType = keyof EntryBodies;
export type Entry = { [T in EntryType]: EntryHead & { type: T } & EntryBodies[T] }[EntryType];

/** Frames that belong to one connection and carry no seq. */
export type Control =
  | { type: "connection_ready"; last_seq?: number; epoch?: string | number; heartbeat_interval_s?: number }
  | { type: "ack"; client_id?: string; message_id?: string; seq?: number }
  | { type: "resumed"; after: number }
  | { type: "ping" }
  | { type: "gap"; first_seq: number; epoch?: string | number }
  | { type: "error"; code: string; message: string; retryable?: boolean; client_id?: string };

export type Frame = Entry | Control;

export function isEntry(frame: Frame): frame is Entry {
  return typeof (frame as Entry).seq === "number" && frame.type !== ("ack" as string);
}

export interface IntegrationHealth {
  state: "up" | "degraded" | "down" | "disabled";
  since?: string;
  breaker?: "closed" | "open" | "half_open";
  buffered?: number;
  capacity?: number;
  dropped_total?: number;
  spooled?: number;
  last_error?: string | null;
  behaviour?: string;
}

export interface Health {
  status: "ok" | "degraded" | "down";
  version?: string;
  uptime_s?: number;
  instance?: string;
  integrations: Record<string, IntegrationHealth>;
}

export interface Metric {
  name: string;
  label?: string;
  description?: string;
  type?: string;
}

export interface Dimension {
  name: string;
  label?: string;
  description?: string;
  type?: string;
}

export interface Receipt {
  event_id: string;
  status: "accepted" | "buffered";
}

/** One's own feedback as it is read back. */
export interface Vote {
  event_id: string;
  response_id: string;
  feedback_type: string;
  feedback_source: "explicit" | "implicit";
  timestamp: string;
  data: { comment?: string; rating?: number; reasons?: string[] };
}

export type LearntKind = "verified" | "memory";

/** What a query answers: figures and shape only. */
export interface LearntEffect {
  interpretation: string;
  columns: string[];
  row_count: number;
  value?: number | null;
  error: string;
}

export interface LearntItem {
  id: string;
  kind: LearntKind;
  version: number;
  state: "pending" | "active" | "retired";
  question: string;
  /** Absent: nothing modelled says what the correction says; a person may give one. */
  query?: Record<string, unknown> | null;
  corrected_sql?: string | null;
  corrected_text?: string | null;
  note?: string;
  problems: string[];
  before?: LearntEffect | null;
  after?: LearntEffect | null;
  history: { version: number; state: string; by: string; why: string; at: string }[];
  updated_at: string;
  used_count: number;
  /** Why the model in force cannot use it. */
  broken?: string | null;
}

export interface LearntList {
  items: LearntItem[];
  broken_count: number;
}

export type QualityFacet = "metric" | "agent" | "kind" | "day";

/** What the model in force is, and what the last sync did to the one before; names are cut after some. */
export interface ModelStatus {
  state: "fresh" | "stale" | "empty";
  version: string;
  project_name: string;
  fetched_at?: string | null;
  last_error?: string | null;
  counts: { metrics: number; dimensions: number; models: number };
  errors: { pointer: string; message: string }[];
  broken: { kind: string; title: string; reason: string }[];
  last_change?: {
    at: string;
    added_count: number;
    changed_count: number;
    removed_count: number;
    added: string[];
    changed: string[];
    removed: string[];
  } | null;
}

export interface QualityRow {
  value: string;
  answers: number;
  complete: number;
  feedback: number;
  accepted: number;
  rejected: number;
  corrections: number;
  escalations: number;
  acceptance_rate?: number | null;
  mean_rating?: number | null;
  mean_confidence: number;
}

export type CopilotMode = "passive" | "balanced" | "proactive";
