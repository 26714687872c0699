// The three ways to read one session log. Each opens at a cursor, hands over frames, and says once why it ended.
import { retryAfterMs, type LoquatApi } from "./api.ts";
import type { Cursor } from "./cursor.ts";
import type { Environment, Socket } from "./environment.ts";
import type { Cause, TransportName } from "./policy.ts";
import { SseParser } from "./sse.ts";
import type { Frame } from "./types.ts";

export interface Reader {
  /** The peer has begun to answer; the answer itself may take its time. */
  answered(): void;
  opened(): void;
  frame(frame: Frame): void;
  /** Something arrived, if only a sign of life. */
  heard(): void;
  ended(cause: Cause): void;
}

export interface Connection {
  /** Undefined on transports that only read. */
  send?: (frame: object) => void;
  close(): void;
}

export interface Place {
  api: LoquatApi;
  env: Environment;
  sessionId: string;
  cursor: Cursor;
}

export const kPollWaitMs = 20_000;
const kPollLimit = 500;
const kPollPauseMs = 500;

export function openTransport(name: TransportName, place: Place, reader: Reader): Connection {
  switch (name) {
    case "websocket":
      return openWebSocket(place, reader);
    case "sse":
      return openStream(place, reader);
    case "poll":
      return openPoll(place, reader);
  }
}

function parse(text: string): Frame | undefined {
  try {
    return checked(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const isPlace = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;

/** A proxy, or a captive portal, may say anything: what is no frame is passed over and moves no cursor. */
function checked(value: unknown): Frame | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const frame = value as Record<string, unknown>;
  if (typeof frame.type !== "string") return undefined;
  if ("seq" in frame && frame.type !== "ack" && !isPlace(frame.seq)) return undefined;
  if (frame.type === "gap" && !isPlace(frame.first_seq)) return undefined;
  const beat = frame.heartbeat_interval_s;
  if (beat !== undefined && !(typeof beat === "number" && beat > 0 && beat < 3600)) return undefined;
  return value as Frame;
}

function openWebSocket({ api, env, sessionId, cursor }: Place, reader: Reader): Connection {
  const base = api.options.baseUrl.replace(/^http/, "ws");
  const url = `${base}/ws/chat/${sessionId}?${cursor.query()}`;
  let done = false;
  const end = (cause: Cause) => {
    if (done) return;
    done = true;
    reader.ended(cause);
  };
  let socket: Socket | undefined;
  try {
    const token = api.options.token?.();
    socket = env.socket?.(url, token ? ["loquat.v1", `bearer.${token}`] : []);
  } catch {
    // A token that is no subprotocol, or a page that may not open this socket: the other transports are not so narrow.
  }
  if (!socket) {
    queueMicrotask(() => end({ kind: "lost" }));
    return { close: () => void (done = true) };
  }
  const open = socket;
  socket.onmessage = (event) => {
    if (done) return;
    reader.heard();
    const frame = parse(String(event.data));
    if (!frame) return;
    if (frame.type === "ping") return open.send('{"type":"pong"}');
    if (frame.type === "connection_ready") reader.opened();
    reader.frame(frame);
  };
  socket.onclose = (event) => {
    const hint = /\bretry_ms=(\d{1,6})\b/.exec(event.reason ?? "");
    end({ kind: "closed", code: event.code, ...(hint ? { retryAfterMs: Number(hint[1]) } : {}) });
  };
  socket.onerror = () => {};
  return {
    send: (frame) => open.send(JSON.stringify(frame)),
    close: () => {
      done = true;
      open.close(1000);
    },
  };
}

/** SSE by fetch and not EventSource: it can send the token as a header, and a refusal has a status. */
function openStream(place: Place, reader: Reader): Connection {
  const abort = new AbortController();
  const { api, env, sessionId, cursor } = place;
  const run = async (): Promise<Cause> => {
    const response = await env.fetch(
      `${api.options.baseUrl}/api/v1/agents/stream/${sessionId}?${cursor.query()}`,
      { headers: { ...api.headers(), accept: "text/event-stream" }, signal: abort.signal, cache: "no-store" },
    );
    if (!response.ok || !response.body) return refusal(response);
    // A page that stands for the path, as proxies and single-page servers give, is no stream.
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream")) return { kind: "lost" };
    const parser = new SseParser();
    const decoder = new TextDecoder();
    const body = response.body.getReader();
    for (;;) {
      const { value, done } = await body.read();
      if (done || abort.signal.aborted) return { kind: "lost" };
      reader.heard();
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        const frame = event.data === undefined ? undefined : parse(event.data);
        if (!frame || abort.signal.aborted) continue;
        if (frame.type === "connection_ready") reader.opened();
        reader.frame(frame);
      }
    }
  };
  drive(run, abort, reader);
  return { close: () => abort.abort() };
}

function openPoll(place: Place, reader: Reader): Connection {
  const abort = new AbortController();
  const { api, env, sessionId, cursor } = place;
  const run = async (): Promise<Cause> => {
    let opened = false;
    for (;;) {
      // The first request does not wait, so that a dead path is known at once.
      const wait = opened ? kPollWaitMs : 0;
      const response = await env.fetch(
        `${api.options.baseUrl}/api/v1/bi/chat/sessions/${sessionId}/events` +
          `?${cursor.query()}&wait_ms=${wait}&limit=${kPollLimit}`,
        { headers: api.headers(), signal: abort.signal, cache: "no-store" },
      );
      if (!response.ok) return refusal(response);
      if (!opened) reader.answered();
      const body: unknown = await response.json();
      if (!isPage(body)) return { kind: "lost" };
      const frames = pollFrames(body);
      const before = cursor.last;
      if (abort.signal.aborted) return { kind: "lost" };
      if (!opened) reader.opened();
      opened = true;
      reader.heard();
      for (const frame of frames) if (!abort.signal.aborted) reader.frame(frame);
      // A log that has nothing to wait for answers at once, a cache with what it gave before: asking again at once
      // would be a storm.
      if (wait > 0 && cursor.last === before) await pause(env, kPollPauseMs);
      if (abort.signal.aborted) return { kind: "lost" };
    }
  };
  drive(run, abort, reader);
  return { close: () => abort.abort() };
}

function pause(env: Environment, ms: number): Promise<void> {
  return new Promise((resolve) => void env.after(ms, resolve));
}

function drive(run: () => Promise<Cause>, abort: AbortController, reader: Reader): void {
  run()
    .catch((): Cause => ({ kind: "lost" }))
    .then((cause) => {
      if (!abort.signal.aborted) reader.ended(cause);
    });
}

function refusal(response: Response): Cause {
  const wait = retryAfterMs(response);
  return { kind: "http", status: response.status, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
}

function isPage(body: unknown): boolean {
  const data: unknown = Array.isArray(body) ? body : (body as { data?: unknown } | null)?.data;
  if (Array.isArray(data)) return true;
  const page = (data ?? {}) as Record<string, unknown>;
  return Array.isArray(page.events ?? page.entries) || page.gap !== undefined;
}

/** The array of the long-poll, in its envelope or bare; a gap stands beside the entries or among them. */
export function pollFrames(body: unknown): Frame[] {
  const data = (Array.isArray(body) ? body : ((body as { data?: unknown })?.data ?? [])) as unknown;
  const known = (frames: unknown[]) => frames.map(checked).filter((frame) => frame !== undefined);
  if (Array.isArray(data)) return known(data);
  const page = data as { events?: Frame[]; entries?: Frame[]; epoch?: string; gap?: object };
  const frames: Frame[] = [];
  if (page.gap) frames.push({ type: "gap", ...page.gap } as Frame);
  else if (page.epoch !== undefined) frames.push({ type: "connection_ready", epoch: page.epoch });
  return known(frames.concat(page.events ?? page.entries ?? []));
}
