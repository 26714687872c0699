/** One event of a text/event-stream; comments come as events without data, since they prove life too. */
export interface SseEvent {
  id?: string;
  data?: string;
}

/** Cuts a stream of text into events, wherever the network cut it. */
export class SseParser {
  private rest = "";
  private id: string | undefined;
  private data: string[] = [];

  push(chunk: string): SseEvent[] {
    const events: SseEvent[] = [];
    // A CR at the very end may be the first half of CR LF: leave it for the next chunk.
    const text = this.rest + chunk;
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + text.slice(whole.length);
    for (const line of lines) this.line(line, events);
    return events;
  }

  private line(line: string, events: SseEvent[]): void {
    if (line === "") return this.finish(events);
    if (line.startsWith(":")) return void events.push({});
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    if (name === "id") this.id = value;
  }

  private finish(events: SseEvent[]): void {
    if (this.data.length > 0) {
      events.push({ data: this.data.join("\n"), ...(this.id === undefined ? {} : { id: this.id }) });
    }
    this.data = [];
    this.id = undefined;
  }
}
