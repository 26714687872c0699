// A daemon's worth of surroundings in one object: sockets that the test opens and shuts, requests that it
// answers, and a clock that moves only when told.
import type { ClientOptions, Environment, Socket } from "../src/loquat-client/index.ts";
import { LoquatClient, type Entry, type LinkState, type LoquatSession, type SessionOptions } from "../src/loquat-client/index.ts";

export class FakeSocket implements Socket {
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  onerror: Socket["onerror"] = null;
  sent: Record<string, unknown>[] = [];
  closedByUs = false;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }
  close(): void {
    this.closedByUs = true;
  }
  says(...frames: object[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }
  /** Not as our frames are. */
  says_raw(text: string): void {
    this.onmessage?.({ data: text });
  }
  shuts(code: number, reason = ""): void {
    this.onclose?.({ code, reason });
  }
  ready(epoch = "e1", extra: object = {}): void {
    this.says({ type: "connection_ready", last_seq: 0, epoch, heartbeat_interval_s: 30, ...extra });
  }
}

export interface FakeRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown> | undefined;
  answer(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Answers 200 with a body that the test goes on writing. */
  stream(type?: string): { write(text: string): void; end(): void };
  fail(): void;
}

interface Timer {
  at: number;
  run: () => void;
}

export class World {
  sockets: FakeSocket[] = [];
  requests: FakeRequest[] = [];
  now = 0;
  private timers = new Set<Timer>();
  private ids = 0;

  readonly env: Environment = {
    socket: (url, protocols) => {
      const socket = new FakeSocket(url, protocols);
      this.sockets.push(socket);
      return socket;
    },
    fetch: ((url: string, init: RequestInit) => this.fetched(url, init)) as typeof fetch,
    after: (ms, run) => {
      const timer = { at: this.now + ms, run };
      this.timers.add(timer);
      return () => this.timers.delete(timer);
    },
    random: () => 1,
    id: () => `c${++this.ids}`,
  };

  session(options: SessionOptions & Partial<ClientOptions> = {}): { session: LoquatSession; seen: Entry[]; states: LinkState[]; gaps: number[] } {
    const client = new LoquatClient({ baseUrl: "http://host", ...options }, this.env);
    const session = client.resume("s1", options);
    const seen: Entry[] = [];
    const states: LinkState[] = [];
    const gaps: number[] = [];
    session.on("entry", (entry) => seen.push(entry));
    session.on("state", (state) => states.push(state));
    session.on("gap", ({ firstSeq }) => gaps.push(firstSeq));
    session.connect();
    return { session, seen, states, gaps };
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }
  get request(): FakeRequest {
    return this.requests.at(-1) as FakeRequest;
  }

  /** Lets promises run, and then whatever is due by `ms` from now. */
  async advance(ms = 0): Promise<void> {
    await settle();
    const until = this.now + ms;
    for (;;) {
      const due = [...this.timers].filter((t) => t.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers.delete(due);
      this.now = due.at;
      due.run();
      await settle();
    }
    this.now = until;
  }

  private fetched(url: string, init: RequestInit): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { pathname, search } = new URL(url);
      const abort = () => reject(new DOMException("aborted", "AbortError"));
      init.signal?.addEventListener("abort", abort);
      this.requests.push({
        method: init.method ?? "GET",
        path: pathname + search,
        headers: init.headers as Record<string, string>,
        body: init.body ? JSON.parse(String(init.body)) : undefined,
        answer: (status, body, headers = {}) =>
          resolve(new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } })),
        stream: (type = "text/event-stream") => {
          let write: (text: string) => void = () => {};
          let end = () => {};
          const body = new ReadableStream<Uint8Array>({
            start: (controller) => {
              write = (text) => controller.enqueue(new TextEncoder().encode(text));
              end = () => controller.close();
            },
          });
          resolve(new Response(body, { status: 200, headers: { "content-type": type } }));
          if (type === "text/event-stream") write('event: connection_ready\ndata: {"type":"connection_ready","last_seq":0,"heartbeat_interval_s":30}\n\n');
          return { write: (text) => write(text), end: () => end() };
        },
        fail: () => reject(new TypeError("network")),
      });
    });
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; ++turn) await new Promise((resolve) => setImmediate(resolve));
}

export const entry = (seq: number, more: object = {}): object => ({ seq, type: "text", content: `t${seq}`, message_id: "m1", ...more });
