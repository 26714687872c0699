// The state of the page, and everything that changes it. Components read it and call these methods.
import {
  ApiError,
  LoquatClient,
  type CopilotMode,
  type Dimension,
  type Health,
  type LinkState,
  type LoquatSession,
  type Metric,
  type ModelStatus,
  type LearntItem,
  type LearntKind,
  type LearntList,
  type QualityFacet,
  type QualityRow,
  type Receipt,
  type Suggestion,
  type Vote,
} from "../loquat-client/index.ts";
import { frontMetrics, kStartersMax, starters, type Starter } from "./starters.ts";
import { tab, type KeptSession } from "./storage.ts";
import { currentTheme, onSystemTheme, toggleTheme, type Theme } from "./theme_choice.ts";
import { foldLog, newTurn, refused, type Turn } from "./turn.ts";

export interface PageState {
  sessions: KeptSession[];
  activeId: string | undefined;
  turns: Turn[];
  link: LinkState;
  /** Entries before what is shown are gone from the log. */
  hasGap: boolean;
  health: Health | undefined;
  healthFailed: boolean;
  metrics: Metric[];
  starters: Starter[] | undefined;
  proactive: Suggestion[];
  mode: CopilotMode | undefined;
  theme: Theme;
  notice: string;
  askForToken: boolean;
}

interface Conversation {
  session: LoquatSession;
  turns: Turn[];
  proactive: Suggestion[];
  hasGap: boolean;
}

const kHealthEveryMs = 15_000;
const kTitleMax = 60;

export class Store {
  state: PageState;
  private readonly client: LoquatClient;
  private readonly listeners = new Set<() => void>();
  private readonly conversations = new Map<string, Conversation>();
  private starting: Promise<Conversation> | undefined;
  private readonly used = new Set<string>();
  private readonly votes = new Map<string, Promise<Vote[]>>();
  private tokenGiven: ((given: boolean) => void) | undefined;

  constructor() {
    this.client = new LoquatClient({
      baseUrl: location.origin,
      token: () => tab.token(),
      renewToken: () => this.requestToken(),
    });
    this.state = {
      sessions: tab.sessions(),
      activeId: undefined,
      turns: [],
      link: { phase: "stopped", reason: "closed" },
      hasGap: false,
      health: undefined,
      healthFailed: false,
      metrics: [],
      starters: undefined,
      proactive: [],
      mode: undefined,
      theme: currentTheme(),
      notice: "",
      askForToken: false,
    };
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private set(patch: Partial<PageState>): void {
    this.state = { ...this.state, ...patch };
    for (const listener of this.listeners) listener();
  }

  start(): void {
    const active = tab.active();
    if (active && this.state.sessions.some((kept) => kept.id === active)) this.show(active);
    void this.refreshHealth();
    setInterval(() => document.visibilityState === "visible" && void this.refreshHealth(), kHealthEveryMs);
    void this.loadModel();
    const wake = () => {
      for (const { session } of this.conversations.values()) session.wake();
    };
    addEventListener("online", wake);
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());
    onSystemTheme((theme) => this.set({ theme }));
  }

  async refreshHealth(): Promise<void> {
    try {
      this.set({ health: await this.client.api.health(), healthFailed: false });
    } catch {
      this.set({ healthFailed: true });
    }
  }

  private async loadModel(): Promise<void> {
    const { api } = this.client;
    const mode = api.mode().catch(() => undefined);
    const metrics = await api.metrics().catch(() => [] as Metric[]);
    this.set({ metrics });
    const dimensionsOf = new Map<string, Dimension[]>();
    const [suggestions] = await Promise.all([
      api.suggestions().catch(() => [] as Suggestion[]),
      ...frontMetrics(metrics, kStartersMax).map(async (metric) => {
        dimensionsOf.set(metric.name, await api.dimensions([metric.name]).catch(() => []));
      }),
    ]);
    this.set({ starters: starters(metrics, dimensionsOf, suggestions), mode: (await mode)?.mode });
  }

  /** A conversation is made when its first question is asked, not before: an idle page leaves nothing behind. */
  private async conversation(): Promise<Conversation> {
    const active = this.state.activeId && this.conversations.get(this.state.activeId);
    if (active && active.session.state.phase !== "stopped") return active;
    this.starting ??= this.client.start().then((session) => this.adopt(session)).finally(() => (this.starting = undefined));
    return this.starting;
  }

  private adopt(session: LoquatSession): Conversation {
    const conversation: Conversation = { session, turns: [], proactive: [], hasGap: false };
    this.conversations.set(session.id, conversation);
    const changed = (patch: Partial<Conversation>) => {
      Object.assign(conversation, patch);
      this.reflect(session.id);
    };
    session.on("entry", (entry) => {
      if (entry.type === "suggestion" && !entry.message_id) {
        changed({ proactive: [...conversation.proactive, entry].slice(-3) });
      } else {
        changed({ turns: foldLog(conversation.turns, entry) });
      }
    });
    session.on("gap", ({ firstSeq }) => changed({ hasGap: firstSeq > 1 }));
    session.on("refused", (problem) => this.set({ notice: problem.message }));
    session.on("state", (link) => {
      if (link.phase === "stopped" && link.reason === "no_session") this.forget(session.id);
      else this.reflect(session.id);
    });
    session.connect();
    return conversation;
  }

  /** Copies what the shown conversation says into the state; the others go on unseen. */
  private reflect(id: string): void {
    const conversation = this.conversations.get(id);
    if (!conversation || id !== this.state.activeId) return;
    const { turns, proactive, hasGap, session } = conversation;
    this.set({ turns, proactive, hasGap, link: session.state });
  }

  async ask(question: string): Promise<void> {
    const content = question.trim();
    if (!content) return;
    this.set({ notice: "" });
    let conversation: Conversation;
    try {
      conversation = await this.conversation();
    } catch (error) {
      this.set({ notice: explain(error) });
      return;
    }
    const { session } = conversation;
    const { clientId, accepted } = session.ask(content);
    conversation.turns = [...conversation.turns, newTurn(clientId, content)];
    conversation.proactive = [];
    this.keep({ id: session.id, title: content.slice(0, kTitleMax) });
    this.activate(session.id);
    accepted.catch((error: unknown) => {
      const problem = { code: error instanceof ApiError ? error.code : "", message: explain(error) };
      conversation.turns = conversation.turns.map((turn) => (turn.key === clientId ? refused(turn, problem) : turn));
      this.reflect(session.id);
    });
  }

  /** Stops the answer that is being made, if there is one. */
  cancel(): boolean {
    const conversation = this.state.activeId ? this.conversations.get(this.state.activeId) : undefined;
    const running = this.state.turns.findLast((turn) => turn.phase === "running");
    if (!conversation || !running) return false;
    conversation.session.cancel(running.messageId).catch((error: unknown) => this.set({ notice: explain(error) }));
    return true;
  }

  show(id: string): void {
    if (!this.conversations.has(id)) this.adopt(this.client.resume(id));
    this.activate(id);
  }

  newConversation(): void {
    tab.keepActive(undefined);
    this.set({ activeId: undefined, turns: [], proactive: [], hasGap: false, notice: "", link: { phase: "stopped", reason: "closed" } });
  }

  private activate(id: string): void {
    tab.keepActive(id);
    this.set({ activeId: id });
    this.reflect(id);
  }

  private keep(session: KeptSession): void {
    if (this.state.sessions.some((kept) => kept.id === session.id)) return;
    const sessions = [session, ...this.state.sessions];
    tab.keepSessions(sessions);
    this.set({ sessions });
  }

  private forget(id: string): void {
    this.conversations.delete(id);
    const sessions = this.state.sessions.filter((kept) => kept.id !== id);
    tab.keepSessions(sessions);
    this.set({ sessions });
    if (id !== this.state.activeId) return;
    this.newConversation();
    this.set({ notice: "That conversation has ended; ask to begin a new one." });
  }

  submitFeedback(responseId: string, body: Record<string, unknown>): Promise<Receipt> {
    return this.client.api.submitFeedback({ session_id: this.state.activeId, response_id: responseId, ...body });
  }

  /** What this user said of an answer and did not change since; asked for once a conversation. */
  async voteOf(responseId: string): Promise<Vote | undefined> {
    const id = this.state.activeId;
    if (!id) return undefined;
    let votes = this.votes.get(id);
    if (!votes) {
      votes = this.client.api.votes(id).catch(() => []);
      this.votes.set(id, votes);
    }
    return (await votes).find((vote) => vote.response_id === responseId && vote.feedback_type.startsWith("thumbs_"));
  }

  /** The first vote on an answer, or a change of the one before it. */
  vote(responseId: string, before: string | undefined, body: Record<string, unknown>): Promise<Receipt> {
    if (this.state.activeId) this.votes.delete(this.state.activeId);
    return before ? this.client.api.changeFeedback(before, body) : this.submitFeedback(responseId, body);
  }

  learnt(kind: LearntKind): Promise<LearntList> {
    return this.client.api.learnt(kind);
  }

  verify(question: string, responseId: string): Promise<LearntItem> {
    return this.client.api.verify(question, responseId);
  }

  unverify(id: string): Promise<void> {
    return this.client.api.unverify(id);
  }

  decide(id: string, decision: "activate" | "retire" | "undo"): Promise<LearntItem> {
    return this.client.api.decide(id, decision);
  }

  model(): Promise<ModelStatus> {
    return this.client.api.model();
  }
  quality(by: QualityFacet): Promise<QualityRow[]> {
    return this.client.api.quality(by);
  }

  submitCorrection(responseId: string, body: Record<string, unknown>): Promise<Receipt> {
    return this.client.api.submitCorrection({ session_id: this.state.activeId, response_id: responseId, ...body });
  }

  /** Copied, exported or built upon: the quiet kind of approval. Losing one is no loss to the reader. */
  reportUse(turn: Turn, how: string): void {
    const responseId = turn.answer?.response_id;
    if (!responseId || this.used.has(responseId)) return;
    this.used.add(responseId);
    const body = { feedback_type: "implicit_accept", data: { question: turn.question, how } };
    this.submitFeedback(responseId, body).catch(() => this.used.delete(responseId));
  }

  async setMode(mode: CopilotMode): Promise<void> {
    const before = this.state.mode;
    this.set({ mode });
    try {
      await this.client.api.setMode(mode);
    } catch (error) {
      this.set({ mode: before, notice: explain(error) });
    }
  }

  toggleTheme(): void {
    this.set({ theme: toggleTheme() });
  }

  dismissNotice(): void {
    this.set({ notice: "" });
  }

  private requestToken(): Promise<boolean> {
    this.set({ askForToken: true });
    return new Promise((resolve) => {
      const others = this.tokenGiven;
      this.tokenGiven = (given) => {
        others?.(given);
        resolve(given);
      };
    });
  }

  giveToken(token: string | undefined): void {
    if (token) tab.keepToken(token);
    this.set({ askForToken: false });
    this.tokenGiven?.(token !== undefined);
    this.tokenGiven = undefined;
  }
}

export function explain(error: unknown): string {
  if (error instanceof ApiError && error.status === 0 && error.code === "UNREACHABLE") return "Loquat cannot be reached.";
  return error instanceof Error && error.message ? error.message : "Something went wrong.";
}
