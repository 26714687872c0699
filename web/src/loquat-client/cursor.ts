import type { Entry } from "./types.ts";

/** Where a reader stands in the session log; valid on every transport. */
export class Cursor {
  last: number;
  epoch: string | undefined;
  /** The place a hole was last seen at: a second look that finds the same hole means it is real. */
  private holeAfter = -1;
  /** The epoch that the log says it has, while our place is still one of another epoch. */
  private offered: string | undefined;

  constructor(after = 0, epoch?: string) {
    this.last = after;
    this.epoch = epoch;
  }

  /** `new`: show it. `seen`: came again after a resume. `hole`: entries before it are missing, ask again. */
  take(entry: Entry): "new" | "seen" | "hole" {
    if (entry.seq <= this.last) return "seen";
    if (entry.seq > this.last + 1 && this.holeAfter !== this.last) {
      this.holeAfter = this.last;
      return "hole";
    }
    this.last = entry.seq;
    this.settleEpoch();
    return "new";
  }

  /** Taken at once where nothing was read yet; else a place of the old log would pass for one of the new. */
  offer(epoch: string | number): void {
    this.offered = String(epoch);
    if (this.epoch === undefined || this.last === 0) this.settleEpoch();
  }

  /** A gap that ends where we are already: the log was cut behind us, and nothing of ours is lost. */
  isPast(first: number, epoch?: string | number): boolean {
    return epoch !== undefined && String(epoch) === this.epoch && first <= this.last + 1;
  }

  /** The log no longer holds what was asked for; it goes on at `first`. */
  moveTo(first: number, epoch?: string | number): void {
    this.last = Math.max(0, first - 1);
    this.holeAfter = -1;
    if (epoch !== undefined) this.offered = String(epoch);
    this.settleEpoch();
  }

  /** The place was refused: from the first entry, of whatever epoch. */
  restart(): void {
    this.moveTo(1);
    this.epoch = undefined;
  }

  private settleEpoch(): void {
    this.epoch = this.offered ?? this.epoch;
    this.offered = undefined;
  }

  query(): string {
    return this.epoch === undefined
      ? `after=${this.last}`
      : `after=${this.last}&epoch=${encodeURIComponent(this.epoch)}`;
  }
}
