// Which transport to use next, and when. Decides only: it owns no socket and no timer, so that every case is a test.

export type TransportName = "websocket" | "sse" | "poll";

/** Why a connection is no more. */
export type Cause =
  | { kind: "closed"; code: number; retryAfterMs?: number }
  | { kind: "http"; status: number; retryAfterMs?: number }
  | { kind: "lost" }
  | { kind: "silent" }
  | { kind: "hole" };

export type StopReason = "unauthorized" | "forbidden" | "no_session" | "refused";

export type Step =
  | { do: "open"; transport: TransportName; afterMs: number }
  | { do: "renew_token"; transport: TransportName }
  | { do: "restart"; transport: TransportName }
  | { do: "stop"; reason: StopReason };

export interface Limits {
  /** First pause after a whole round of transports failed; doubles up to `pauseMaxMs`. */
  pauseMinMs: number;
  pauseMaxMs: number;
  /** How often in a row a connection may be closed as too slow before a calmer transport is taken. */
  tooSlowMax: number;
  /** How many short lives in a row before another transport is tried. */
  briefMax: number;
}

/** What a daemon says to a place that it does not know. Other refusals are of a proxy that does not like the path. */
const kBadPlace: ReadonlySet<number> = new Set([400, 409, 410, 416, 422]);

export const kLimits: Limits = { pauseMinMs: 500, pauseMaxMs: 15_000, tooSlowMax: 3, briefMax: 3 };

export class LinkPolicy {
  private at = 0;
  private wasOpen = false;
  private rounds = 0;
  private brief = 0;
  private slow = 0;
  private renewed = false;
  private restarted = false;
  private readonly ladder: readonly TransportName[];
  private readonly limits: Limits;
  private readonly random: () => number;

  constructor(ladder: readonly TransportName[], random: () => number, limits: Limits = kLimits) {
    if (ladder.length === 0) throw new Error("at least one transport is needed");
    this.ladder = ladder;
    this.random = random;
    this.limits = limits;
  }

  begin(): Step {
    return this.open(0);
  }

  opened(): void {
    this.wasOpen = true;
  }

  /** A better transport got ready beside the one at work and takes its place. */
  promoted(transport: TransportName): void {
    this.at = Math.max(0, this.ladder.indexOf(transport));
  }

  /** It has been open for some seconds: what cuts connections at once, a proxy say, lets this one live. */
  stable(): void {
    this.rounds = 0;
    this.brief = 0;
    this.renewed = false;
  }

  /** Entries arrive and are taken: the reader keeps up, and the log is the one we think it is. */
  flowing(): void {
    this.slow = 0;
    this.restarted = false;
  }

  get transport(): TransportName {
    return this.ladder[this.at] as TransportName;
  }

  /** Those before the one at work: worth trying again after a while. */
  get better(): readonly TransportName[] {
    return this.ladder.slice(0, this.at);
  }

  ended(cause: Cause): Step {
    const wasOpen = this.wasOpen;
    this.wasOpen = false;
    switch (cause.kind) {
      case "hole":
        return this.open(0);
      case "silent":
        return wasOpen ? this.open(0) : this.descend(0);
      case "lost":
        return wasOpen ? this.cut() : this.descend(0);
      case "closed":
        return this.closed(cause.code, wasOpen, cause.retryAfterMs);
      case "http":
        return this.refused(cause.status, cause.retryAfterMs ?? 0);
    }
  }

  /** Whoever renews tokens could not be reached: that says nothing about the token. */
  renewFailed(): Step {
    this.renewed = false;
    this.rounds += 1;
    return this.open(this.pause(this.rounds));
  }

  /** The token could be renewed, or could not. */
  tokenRenewed(): Step {
    return this.open(0);
  }

  private closed(code: number, wasOpen: boolean, retryAfterMs?: number): Step {
    switch (code) {
      case 4401:
        return this.unauthorized();
      case 4403:
        return { do: "stop", reason: "forbidden" };
      case 4404:
        return { do: "stop", reason: "no_session" };
      case 4408:
        return this.brief === 0 ? this.again() : this.cut();
      case 4413:
        this.slow += 1;
        return this.slow >= this.limits.tooSlowMax ? this.descend(0) : this.open(0);
      case 1001: // going away: the daemon drains and another one takes over
      case 1013: // overloaded: come back, later
        this.rounds += 1;
        // Who drains says when to come back, differently to each: that spreads better than we could.
        return this.open(retryAfterMs ?? this.pause(this.rounds));
      case 1008:
      case 1009:
        return this.descend(0);
      default:
        return wasOpen ? this.cut() : this.descend(0);
    }
  }

  /** Open before, and lost: the same way again, unless it never lives for long. */
  private cut(): Step {
    this.brief += 1;
    if (this.brief < this.limits.briefMax) return this.open(this.pause(this.brief - 1));
    this.brief = 0;
    return this.descend(0);
  }

  private again(): Step {
    this.brief += 1;
    return this.open(0);
  }

  private refused(status: number, retryAfterMs: number): Step {
    if (status === 401) return this.unauthorized();
    if (status === 403) return { do: "stop", reason: "forbidden" };
    if (status === 404) return { do: "stop", reason: "no_session" };
    if (!kBadPlace.has(status)) return this.descend(retryAfterMs);
    // The daemon does not know the place we ask for, as after losing the log's tail: once, start over.
    if (this.restarted) return { do: "stop", reason: "refused" };
    this.restarted = true;
    return { do: "restart", transport: this.transport };
  }

  private unauthorized(): Step {
    if (this.renewed) return { do: "stop", reason: "unauthorized" };
    this.renewed = true;
    return { do: "renew_token", transport: this.transport };
  }

  /** To the next transport at once; after the last one a pause, and again from the first. */
  private descend(atLeastMs: number): Step {
    if (this.at + 1 < this.ladder.length) {
      this.at += 1;
      return this.open(atLeastMs);
    }
    this.at = 0;
    this.rounds += 1;
    return this.open(Math.max(atLeastMs, this.pause(this.rounds)));
  }

  private open(afterMs: number): Step {
    return { do: "open", transport: this.transport, afterMs };
  }

  /** Jittered, so that a thousand pages do not come back in the same instant. */
  private pause(round: number): number {
    const { pauseMinMs, pauseMaxMs } = this.limits;
    const ceiling = round === 0 ? pauseMinMs / 2 : Math.min(pauseMaxMs, pauseMinMs * 2 ** round);
    return Math.round(ceiling * (0.5 + this.random() / 2));
  }
}
