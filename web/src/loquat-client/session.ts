import { ApiError, type LoquatApi } from "./api.ts";
import { Cursor } from "./cursor.ts";
import { Emitter } from "./emitter.ts";
import type { Environment } from "./environment.ts";
import { LinkPolicy, type Cause, type Step, type StopReason, type TransportName } from "./policy.ts";
import { RunningAnswers } from "./running.ts";
import { kPollWaitMs, openTransport, type Connection, type Reader } from "./transports.ts";
import { isEntry, type Control, type Entry, type Frame } from "./types.ts";
import { Upgrade } from "./upgrade.ts";

export type LinkState =
  | { phase: "connecting" | "open"; transport: TransportName }
  | { phase: "waiting"; transport: TransportName; retryInMs: number }
  | { phase: "stopped"; reason: StopReason | "closed" };

export interface SessionEvents {
  /** Each entry of the log, once and in order, whatever happened to the connection. */
  entry: Entry;
  state: LinkState;
  /** Entries between what was seen and `firstSeq` are gone. */
  gap: { firstSeq: number };
  /** The daemon refused a frame of ours. */
  refused: { code: string; message: string };
}

export interface SessionOptions {
  after?: number;
  epoch?: string;
  transports?: readonly TransportName[];
  /** How long a question may go unacknowledged on the socket before it is sent by POST as well. */
  ackWithinMs?: number;
  /** How long a connection may take to say that it is ready; proxies may swallow it. */
  connectWithinMs?: number;
  /** How long to stay on a lesser transport before the best one is tried again. */
  upgradeAfterMs?: number;
}

interface Pending {
  content: string;
  byPost: boolean;
  accepted?: Promise<string | undefined>;
  resolve(messageId: string | undefined): void;
  reject(error: Error): void;
  stopTimer(): void;
}

const kDefaultHeartbeatS = 30;
const kPostAttempts = 4;
const kStableMs = 5000;
const kNothing = () => {};

const closedError = () => new ApiError(0, [{ code: "CLOSED", message: "the session was closed" }]);

/** One conversation: asks questions, and reads the session log over whichever transport works. */
export class LoquatSession extends Emitter<SessionEvents> {
  readonly id: string;
  readonly cursor: Cursor;
  state: LinkState = { phase: "stopped", reason: "closed" };

  private readonly api: LoquatApi;
  private readonly env: Environment;
  private readonly policy: LinkPolicy;
  private readonly ackWithinMs: number;
  private readonly connectWithinMs: number;
  private readonly upgrade: Upgrade;
  private connection: Connection | undefined;
  private generation = 0;
  private heartbeatMs = kDefaultHeartbeatS * 1000;
  private resuming = false;
  private isClosed = false;
  private usedToken: string | undefined;
  private stopSilence = kNothing;
  private stopPause = kNothing;
  private stopStable = kNothing;
  private stopResume = kNothing;
  private posts = new AbortController();
  private readonly running = new RunningAnswers();
  private readonly pending = new Map<string, Pending>();

  constructor(id: string, api: LoquatApi, env: Environment, options: SessionOptions = {}) {
    super();
    this.id = id;
    this.api = api;
    this.env = env;
    this.cursor = new Cursor(options.after ?? 0, options.epoch);
    this.policy = new LinkPolicy(options.transports ?? ["websocket", "sse", "poll"], env.random);
    this.ackWithinMs = options.ackWithinMs ?? 4000;
    this.connectWithinMs = options.connectWithinMs ?? 8000;
    const times = { afterMs: options.upgradeAfterMs ?? 60_000, connectWithinMs: this.connectWithinMs };
    this.upgrade = new Upgrade(env, times, {
      better: () => this.policy.better,
      link: (transport, reader) => this.link(transport, reader),
      takeOver: (transport, connection) => this.takeOver(transport, connection),
    });
  }

  /** Starts reading. Listeners are best attached before. */
  connect(): this {
    this.isClosed = false;
    this.perform(this.policy.begin());
    return this;
  }

  /** Nothing is sent any more; questions that are not accepted yet are rejected. */
  close(): void {
    this.isClosed = true;
    this.end(closedError());
    this.setState({ phase: "stopped", reason: "closed" });
  }

  /** The network is back, or the page is seen again: do not wait out a pause. */
  wake(): void {
    if (this.state.phase === "waiting") this.open(this.state.transport);
  }

  /**
   * Asks a question. Resolves to its message_id when the daemon has it; the answer comes as entries.
   * The same `clientId` sent again, by any path, gives one answer.
   */
  ask(content: string, clientId = this.env.id()): { clientId: string; accepted: Promise<string | undefined> } {
    if (this.isClosed) return { clientId, accepted: Promise.reject(closedError()) };
    const accepted = new Promise<string | undefined>((resolve, reject) => {
      this.pending.set(clientId, { content, byPost: false, resolve, reject, stopTimer: kNothing });
    });
    const question = this.pending.get(clientId);
    if (question) question.accepted = accepted;
    this.sendQuestion(clientId);
    return { clientId, accepted };
  }

  /** Cancels the running answer, or the one named, its query included; what is being asked, once it is accepted. */
  async cancel(messageId?: string): Promise<void> {
    let id = messageId;
    const asked = [...this.pending.values()].find(({ byPost }) => byPost);
    if (!id && !this.running.first && asked) id = await asked.accepted?.catch(() => undefined);
    if (this.isClosed) throw closedError();
    if (this.send({ type: "cancel", ...(id ? { message_id: id } : {}) })) return;
    id ??= this.running.first;
    if (id) await this.api.cancel(this.id, id);
  }

  private send(frame: object): boolean {
    if (this.state.phase !== "open" || !this.connection?.send) return false;
    this.connection.send(frame);
    return true;
  }

  private sendQuestion(clientId: string): void {
    const question = this.pending.get(clientId);
    if (!question) return;
    if (this.send({ type: "message", content: question.content, client_id: clientId })) {
      question.stopTimer = this.env.after(this.ackWithinMs, () => void this.post(clientId));
    } else {
      void this.post(clientId);
    }
  }

  private async post(clientId: string): Promise<void> {
    const question = this.pending.get(clientId);
    if (!question || question.byPost) return;
    question.byPost = true;
    for (let attempt = 1; ; ++attempt) {
      try {
        const { message_id } = await this.api.askAsync(this.id, question.content, clientId, this.posts.signal);
        return this.settle(clientId, message_id);
      } catch (error) {
        if (this.pending.get(clientId) !== question) return;
        const known = error instanceof ApiError ? error : undefined;
        const passing = known !== undefined && (known.status === 0 || known.status === 503);
        if (!passing || attempt === kPostAttempts) return this.refuse(clientId, error as Error);
        const wait = known.retryAfterMs ?? 400 * 2 ** attempt;
        await new Promise<void>((resume) => this.env.after(wait, resume));
        if (this.pending.get(clientId) !== question) return;
      }
    }
  }

  private settle(clientId: string, messageId: string | undefined): void {
    const question = this.pending.get(clientId);
    this.pending.delete(clientId);
    if (question && messageId) this.running.accepted(messageId);
    question?.stopTimer();
    question?.resolve(messageId);
  }

  private refuse(clientId: string, error: Error): void {
    const question = this.pending.get(clientId);
    this.pending.delete(clientId);
    question?.stopTimer();
    question?.reject(error);
  }

  /** Lets go of everything that could still send or call back. */
  private end(error: ApiError): void {
    this.drop();
    this.upgrade.stop();
    this.posts.abort();
    this.posts = new AbortController();
    for (const clientId of [...this.pending.keys()]) this.refuse(clientId, error);
  }

  // A listener may close the session: whatever follows an event looks first whether it still holds.
  private perform(step: Step): void {
    const { generation } = this;
    switch (step.do) {
      case "open":
        if (step.afterMs <= 0) return this.open(step.transport);
        this.stopPause = this.env.after(step.afterMs, () => this.open(step.transport));
        return this.setState({ phase: "waiting", transport: step.transport, retryInMs: step.afterMs });
      case "restart":
        this.cursor.restart();
        this.running.forget();
        this.emit("gap", { firstSeq: 1 });
        return generation === this.generation ? this.open(step.transport) : undefined;
      case "renew_token":
        return void this.renew();
      case "stop":
        return this.stop(step.reason);
    }
  }

  private stop(reason: StopReason): void {
    this.end(new ApiError(0, [{ code: reason.toUpperCase(), message: "the session's stream has ended" }]));
    this.setState({ phase: "stopped", reason });
  }

  private async renew(): Promise<void> {
    const generation = this.generation;
    const renewed = await this.api.renew(this.usedToken).catch(() => undefined);
    if (generation !== this.generation) return;
    if (renewed === undefined) this.perform(this.policy.renewFailed());
    else if (renewed) this.perform(this.policy.tokenRenewed());
    else this.stop("unauthorized");
  }

  private open(transport: TransportName): void {
    this.drop();
    const { generation } = this;
    this.setState({ phase: "connecting", transport });
    if (generation !== this.generation) return;
    this.stopSilence = this.env.after(this.connectWithinMs, () => this.ended({ kind: "silent" }));
    this.connection = this.link(transport, this.reader(transport));
  }

  private link(transport: TransportName, reader: Reader): Connection {
    this.usedToken = this.api.peekToken();
    return openTransport(transport, { api: this.api, env: this.env, sessionId: this.id, cursor: this.cursor }, reader);
  }

  /** Listens for as long as the connection of now is the session's. */
  private reader(transport: TransportName): Reader {
    const { generation } = this;
    const current = (run: () => void) => {
      if (generation === this.generation) run();
    };
    return {
      answered: () => current(() => this.watchSilence()),
      opened: () => current(() => this.opened(transport)),
      // Signs of life do not make up for the readiness that a peer never tells.
      heard: () => current(() => (this.state.phase === "open" ? this.watchSilence() : undefined)),
      frame: (frame) => current(() => this.frame(frame)),
      ended: (cause) => current(() => this.ended(cause)),
    };
  }

  private takeOver(transport: TransportName, connection: Connection): Reader {
    this.drop();
    this.connection = connection;
    this.policy.promoted(transport);
    const reader = this.reader(transport);
    this.opened(transport);
    return reader;
  }

  private opened(transport: TransportName): void {
    if (this.state.phase === "open" && this.state.transport === transport) return;
    const { generation } = this;
    this.policy.opened();
    this.stopStable = this.env.after(kStableMs, () => this.stable());
    this.watchSilence();
    this.setState({ phase: "open", transport });
    if (generation === this.generation) this.upgrade.begin();
  }

  private stable(): void {
    this.policy.stable();
    if (this.policy.better.length === 0) this.upgrade.bestLasts();
  }

  private ended(cause: Cause): void {
    this.drop();
    for (const [clientId, question] of this.pending) {
      question.stopTimer();
      if (!question.byPost) void this.post(clientId);
    }
    this.perform(this.policy.ended(cause));
  }

  /** Forgets the connection; what it still says is not listened to. */
  private drop(): void {
    this.generation += 1;
    this.resuming = false;
    this.stopSilence();
    this.stopResume();
    this.stopStable();
    this.stopPause();
    this.upgrade.abandon();
    this.connection?.close();
    this.connection = undefined;
  }

  private watchSilence(): void {
    this.stopSilence();
    // A long-poll is silent for as long as it waits.
    const polling = this.policy.transport === "poll";
    const limitMs = Math.max(2 * this.heartbeatMs, polling ? 2 * kPollWaitMs : 0);
    this.stopSilence = this.env.after(limitMs, () => this.ended({ kind: "silent" }));
  }

  private frame(frame: Frame): void {
    if (isEntry(frame)) this.entry(frame);
    else this.control(frame);
  }

  private entry(entry: Entry): void {
    if (this.resuming) return;
    switch (this.cursor.take(entry)) {
      case "seen":
        return;
      case "hole":
        return this.resume();
      case "new":
        this.policy.flowing();
        if (entry.type === "message" && entry.client_id) this.settle(entry.client_id, entry.message_id);
        this.running.entry(entry);
        this.emit("entry", entry);
    }
  }

  private resume(): void {
    if (!this.send({ type: "resume", after: this.cursor.last })) return this.ended({ kind: "hole" });
    this.resuming = true;
    this.stopResume = this.env.after(this.connectWithinMs, () => this.ended({ kind: "hole" }));
  }

  private resumed(): void {
    this.resuming = false;
    this.stopResume();
  }

  private control(frame: Control): void {
    switch (frame.type) {
      case "connection_ready":
        if (frame.epoch !== undefined) this.cursor.offer(frame.epoch);
        if (frame.heartbeat_interval_s) this.heartbeatMs = frame.heartbeat_interval_s * 1000;
        return this.watchSilence();
      case "ack":
        return frame.client_id ? this.settle(frame.client_id, frame.message_id) : undefined;
      case "resumed":
        return this.resumed();
      case "gap":
        this.resumed();
        if (this.cursor.isPast(frame.first_seq, frame.epoch)) return;
        this.cursor.moveTo(frame.first_seq, frame.epoch);
        this.running.forget();
        return this.emit("gap", { firstSeq: frame.first_seq });
      case "error":
        return this.refusedFrame(frame);
      case "ping":
        return;
    }
  }

  /** An error without a seq is about a frame of ours; when it does not say which, it is the oldest question. */
  private refusedFrame(frame: Extract<Control, { type: "error" }>): void {
    const waiting = [...this.pending].find(([, question]) => !question.byPost)?.[0];
    const clientId = frame.client_id ?? waiting;
    const problem = { code: frame.code, message: frame.message };
    if (clientId && this.pending.has(clientId)) this.refuse(clientId, new ApiError(0, [problem]));
    else this.emit("refused", problem);
  }

  protected override listenerFailed(error: unknown): void {
    if (this.env.report) this.env.report(error);
    else super.listenerFailed(error);
  }

  private setState(state: LinkState): void {
    this.state = state;
    this.emit("state", state);
  }
}
