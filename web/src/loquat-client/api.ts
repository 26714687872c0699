import type { Environment } from "./environment.ts";
import type {
  Answer,
  CopilotMode,
  Dimension,
  Envelope,
  Health,
  Metric,
  ModelStatus,
  Problem,
  QualityFacet,
  LearntItem,
  LearntKind,
  LearntList,
  QualityRow,
  Receipt,
  SessionInfo,
  Suggestion,
  Vote,
} from "./types.ts";

export interface ClientOptions {
  /** Where the daemon is, as `https://host:port`; in a browser, the page's own origin. */
  baseUrl: string;
  /** Gives the current JWT, or undefined where the daemon asks for none. */
  token?: (() => string | undefined) | undefined;
  /** Called once when the token is refused; resolves to true when `token` now gives another one. */
  renewToken?: (() => Promise<boolean>) | undefined;
  headers?: Record<string, string> | undefined;
}

/** A request that was answered with errors, or not at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly problems: Problem[];
  readonly retryAfterMs: number | undefined;

  constructor(status: number, problems: Problem[], retryAfterMs?: number) {
    super(problems.map((p) => p.message).join("; ") || `HTTP ${status}`);
    this.status = status;
    this.problems = problems;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): string {
    return this.problems[0]?.code ?? "";
  }
}

const kRetryAfterMaxMs = 3_600_000;

export function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? "");
  // More than a timer can hold would fire at once.
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, kRetryAfterMaxMs) : undefined;
}

interface RequestOptions {
  body?: unknown;
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** The REST side of the contract. Every call resolves to the envelope or throws `ApiError`. */
export class LoquatApi {
  readonly options: ClientOptions;
  private readonly env: Environment;
  private renewing: Promise<boolean> | undefined;

  constructor(options: ClientOptions, env: Environment) {
    this.options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, "") };
    this.env = env;
  }

  /** The current token; none where the page's own function fails, which the request itself will tell. */
  peekToken(): string | undefined {
    try {
      return this.options.token?.();
    } catch {
      return undefined;
    }
  }

  headers(): Record<string, string> {
    const token = this.options.token?.();
    return { ...this.options.headers, ...(token ? { authorization: `Bearer ${token}` } : {}) };
  }

  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<Envelope<T>> {
    const used = this.peekToken();
    const first = await this.once<T>(method, path, options);
    if (!(first instanceof ApiError)) return first;
    const mayRenew = first.status === 401 && this.options.renewToken !== undefined;
    if (!mayRenew || !(await this.renew(used).catch(() => false))) throw first;
    if (options.signal?.aborted) throw first;
    const second = await this.once<T>(method, path, options);
    if (second instanceof ApiError) throw second;
    return second;
  }

  /**
   * One renewal at a time, however many requests and sessions find the token expired, and none where the token is
   * no longer the one that was refused.
   */
  renew(refused?: string): Promise<boolean> {
    const now = this.peekToken();
    if (!this.renewing && refused && now && now !== refused) return Promise.resolve(true);
    this.renewing ??= Promise.resolve()
      .then(() => this.options.renewToken?.())
      .then(Boolean)
      .finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  private async once<T>(method: string, path: string, o: RequestOptions): Promise<Envelope<T> | ApiError> {
    const headers = this.headers();
    if (o.body !== undefined) headers["content-type"] = "application/json";
    if (o.idempotencyKey) headers["x-idempotency-key"] = o.idempotencyKey;
    let response: Response;
    try {
      response = await this.env.fetch(this.options.baseUrl + path, {
        method,
        headers,
        ...(o.body === undefined ? {} : { body: JSON.stringify(o.body) }),
        ...(o.signal ? { signal: o.signal } : {}),
      });
    } catch (failure) {
      return new ApiError(0, [{ code: "UNREACHABLE", message: String(failure) }]);
    }
    const envelope = (await response.json().catch(() => undefined)) as Envelope<T> | undefined;
    if (response.ok && envelope !== undefined) return envelope;
    if (response.ok) return new ApiError(response.status, [{ code: "NOT_JSON", message: "the answer is no JSON" }]);
    return new ApiError(response.status, envelope?.errors ?? [], retryAfterMs(response));
  }

  private async data<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
    return (await this.request<T>(method, path, options)).data;
  }

  createSession(title?: string): Promise<SessionInfo> {
    return this.data("POST", "/api/v1/bi/chat/sessions", { body: title ? { title } : {} });
  }

  session(id: string): Promise<SessionInfo> {
    return this.data("GET", `/api/v1/bi/chat/sessions/${id}`);
  }

  async deleteSession(id: string): Promise<void> {
    await this.request("DELETE", `/api/v1/bi/chat/sessions/${id}`);
  }

  /** Asks and waits for the whole answer, without a stream. */
  async answer(sessionId: string, message: string, idempotencyKey = this.env.id()): Promise<Envelope<Answer>> {
    const path = `/api/v1/bi/chat/sessions/${sessionId}/messages`;
    return this.request("POST", path, { body: { message }, idempotencyKey });
  }

  /** Asks; the answer comes by the session log. */
  askAsync(sessionId: string, message: string, idempotencyKey: string, signal?: AbortSignal): Promise<{ message_id: string }> {
    const path = `/api/v1/bi/chat/sessions/${sessionId}/messages?async=true`;
    return this.data("POST", path, { body: { message }, idempotencyKey, ...(signal ? { signal } : {}) });
  }

  async cancel(sessionId: string, messageId: string): Promise<void> {
    await this.request("POST", `/api/v1/bi/chat/sessions/${sessionId}/messages/${messageId}/cancel`, { body: {} });
  }

  submitFeedback(body: Record<string, unknown>): Promise<Receipt> {
    return this.data("POST", "/api/v1/feedback/submit", { body, idempotencyKey: this.env.id() });
  }

  submitCorrection(body: Record<string, unknown>): Promise<Receipt> {
    return this.data("POST", "/api/v1/feedback/correction", { body, idempotencyKey: this.env.id() });
  }

  /** One's own votes that still stand, newest first. */
  async votes(sessionId: string): Promise<Vote[]> {
    return listOf<Vote>(await this.data("GET", `/api/v1/feedback?session_id=${encodeURIComponent(sessionId)}`), "items");
  }

  /** A new event that takes the old one's place. */
  changeFeedback(eventId: string, body: Record<string, unknown>): Promise<Receipt> {
    return this.data("PUT", `/api/v1/feedback/${encodeURIComponent(eventId)}`, { body, idempotencyKey: this.env.id() });
  }

  model(): Promise<ModelStatus> {
    return this.data("GET", "/api/v1/integrations/dbt/status");
  }

  /** For curators and operators; others get 403. */
  async quality(by: QualityFacet): Promise<QualityRow[]> {
    return listOf<QualityRow>(await this.data("GET", `/api/v1/feedback/quality?by=${by}`), "rows");
  }

  /** Trusted answers, readable by all; what corrections taught, for curators. */
  learnt(kind: LearntKind): Promise<LearntList> {
    return this.data("GET", `/api/v1/${kind}`);
  }

  /** Marks a question with the query of an answer as trusted. */
  verify(question: string, responseId: string): Promise<LearntItem> {
    return this.data("PUT", "/api/v1/verified", { body: { question, response_id: responseId }, idempotencyKey: this.env.id() });
  }

  async unverify(id: string): Promise<void> {
    await this.request("DELETE", `/api/v1/verified/${encodeURIComponent(id)}`);
  }

  decide(id: string, decision: "activate" | "retire" | "undo"): Promise<LearntItem> {
    return this.data("POST", `/api/v1/memory/${encodeURIComponent(id)}/${decision}`, { body: {}, idempotencyKey: this.env.id() });
  }

  /** /health is answered while everything else is refused, with or without the envelope. */
  async health(): Promise<Health> {
    const answer = (await this.request<Health>("GET", "/health")) as unknown as Record<string, unknown>;
    return (answer.integrations ? answer : answer.data) as Health;
  }

  async metrics(): Promise<Metric[]> {
    return listOf<Metric>(await this.data("GET", "/api/v1/semantic/metrics"), "metrics");
  }

  async dimensions(metrics: string[]): Promise<Dimension[]> {
    const path = `/api/v1/semantic/dimensions?metrics=${encodeURIComponent(metrics.join(","))}`;
    return listOf<Dimension>(await this.data("GET", path), "dimensions");
  }

  async suggestions(sessionId?: string): Promise<Suggestion[]> {
    const query = sessionId ? `?session_id=${encodeURIComponent(sessionId)}` : "";
    return listOf<Suggestion>(await this.data("GET", `/api/v1/copilot/suggestions${query}`), "suggestions");
  }

  mode(): Promise<{ mode: CopilotMode }> {
    return this.data("GET", "/api/v1/copilot/mode");
  }

  setMode(mode: CopilotMode): Promise<{ mode: CopilotMode }> {
    return this.data("PUT", "/api/v1/copilot/mode", { body: { mode } });
  }

  /** A one-time pass for WebSocket or SSE where a proxy must not see the token. */
  ticket(): Promise<{ ticket: string }> {
    return this.data("POST", "/api/v1/auth/ticket", { body: {} });
  }
}

/** Lists come bare, under their own name, or as a page of items. */
export function listOf<T>(data: unknown, name: string): T[] {
  if (Array.isArray(data)) return data as T[];
  const page = (data ?? {}) as Record<string, unknown>;
  const found = page[name] ?? page["items"];
  return Array.isArray(found) ? (found as T[]) : [];
}
