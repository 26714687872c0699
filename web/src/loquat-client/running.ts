import type { Entry } from "./types.ts";

const kDoneMax = 64;
/** These may also follow `complete`, so they do not prove that an answer still runs. */
const kAfterwards: ReadonlySet<string> = new Set(["suggestion", "insight"]);

/** Which answers were begun and have no `complete` yet, oldest first: the first is the one that runs. */
export class RunningAnswers {
  private readonly running = new Set<string>();
  private readonly done = new Set<string>();

  get first(): string | undefined {
    return this.running.values().next().value;
  }

  accepted(messageId: string): void {
    if (!this.done.has(messageId)) this.running.add(messageId);
  }

  entry({ type, message_id }: Entry): void {
    if (!message_id) return;
    if (type !== "complete") {
      if (!kAfterwards.has(type)) this.accepted(message_id);
      return;
    }
    this.running.delete(message_id);
    this.done.add(message_id);
    const [oldest] = this.done;
    if (this.done.size > kDoneMax && oldest !== undefined) this.done.delete(oldest);
  }

  /** Entries were lost, and ends may be among them; those that run on will show it. */
  forget(): void {
    this.running.clear();
  }
}
