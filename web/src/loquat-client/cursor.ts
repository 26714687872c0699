import type { Entry } from "./types.ts";

/** Where a reader stands in the session log; valid on every transport. */
export class Cursor {
  last: number;
  epoch: string | undefined;
  /** The place a hole was last seen at: a second look that finds the same hole means it is real. */
  private holeAfter = -1;

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
    return "new";
  }

  /** The log no longer holds what was asked for; it goes on at `first`. */
  moveTo(first: number, epoch?: string | number): void {
    this.last = Math.max(0, first - 1);
    this.holeAfter = -1;
    if (epoch !== undefined) this.epoch = String(epoch);
  }

  query(): string {
    return this.epoch === undefined
      ? `after=${this.last}`
      : `after=${this.last}&epoch=${encodeURIComponent(this.epoch)}`;
  }
}
