import type { Environment } from "./environment.ts";
import type { TransportName } from "./policy.ts";
import type { Connection, Reader } from "./transports.ts";

/** What an upgrade needs of the session it works for. */
export interface UpgradeHost {
  better(): readonly TransportName[];
  link(transport: TransportName, reader: Reader): Connection;
  /** Lets go of the connection at work; the reader given back takes what the new one says from now on. */
  takeOver(transport: TransportName, connection: Connection): Reader;
}

export interface UpgradeTimes {
  afterMs: number;
  connectWithinMs: number;
}

const kAfterMaxMs = 600_000;
const kNothing = () => {};

/**
 * Tries a better transport now and then, beside the one at work, which goes on until the other is ready. Both begin
 * at one cursor, so that what comes twice is known.
 */
export class Upgrade {
  private readonly env: Environment;
  private readonly times: UpgradeTimes;
  private readonly host: UpgradeHost;
  private afterMs: number;
  private isAtWork = false;
  private isDue = false;
  /** Outlives connections: one that is cut now and then must not put off the better one for ever. */
  private stopWait: (() => void) | undefined;
  private stopTrial = kNothing;

  constructor(env: Environment, times: UpgradeTimes, host: UpgradeHost) {
    this.env = env;
    this.times = times;
    this.host = host;
    this.afterMs = times.afterMs;
  }

  /** A connection is open. */
  begin(): void {
    this.isAtWork = true;
    if (this.host.better().length === 0) this.stop();
    else if (this.isDue) this.attempt(0);
    else this.wait();
  }

  /** The connection at work is no more: the next one may be the better one by itself. */
  abandon(): void {
    this.isAtWork = false;
    this.stopTrial();
  }

  stop(): void {
    this.abandon();
    this.stopWait?.();
    this.stopWait = undefined;
    this.isDue = false;
  }

  /** The best one has proved to last: after the next fallback it is missed as soon as after the first. */
  bestLasts(): void {
    this.afterMs = this.times.afterMs;
  }

  private wait(): void {
    if (this.stopWait) return;
    this.stopWait = this.env.after(this.afterMs, () => {
      this.stopWait = undefined;
      this.isDue = true;
      if (this.isAtWork) this.attempt(0);
    });
    this.afterMs = Math.min(this.afterMs * 2, kAfterMaxMs);
  }

  private attempt(index: number): void {
    this.isDue = false;
    const transport = this.host.better()[index];
    if (transport === undefined) return this.wait();
    let reader: Reader | undefined;
    let isOver = false;
    const finish = () => {
      isOver = true;
      stopTimer();
      this.stopTrial = kNothing;
    };
    const cancel = () => {
      finish();
      connection.close();
    };
    const fail = () => {
      if (isOver) return;
      cancel();
      this.attempt(index + 1);
    };
    const stopTimer = this.env.after(this.times.connectWithinMs, fail);
    const connection = this.host.link(transport, {
      answered: kNothing,
      opened: () => {
        if (isOver) return;
        finish();
        reader = this.host.takeOver(transport, connection);
      },
      heard: () => reader?.heard(),
      frame: (frame) => reader?.frame(frame),
      ended: (cause) => (reader ? reader.ended(cause) : fail()),
    });
    this.stopTrial = cancel;
  }
}
