// A small client of Loquat without dependencies; see README.md beside it.
import { LoquatApi, type ClientOptions } from "./api.ts";
import { browserEnvironment, type Environment } from "./environment.ts";
import { LoquatSession, type SessionOptions } from "./session.ts";

export { ApiError, LoquatApi, type ClientOptions } from "./api.ts";
export { Cursor } from "./cursor.ts";
export { browserEnvironment, type Environment, type Socket } from "./environment.ts";
export { LinkPolicy, type Cause, type Step, type StopReason, type TransportName } from "./policy.ts";
export { LoquatSession, type LinkState, type SessionEvents, type SessionOptions } from "./session.ts";
export { SseParser } from "./sse.ts";
export type * from "./types.ts";
export { isEntry } from "./types.ts";

export class LoquatClient {
  readonly api: LoquatApi;
  private readonly env: Environment;

  constructor(options: ClientOptions, env: Environment = browserEnvironment()) {
    this.env = env;
    this.api = new LoquatApi(options, env);
  }

  /** Makes a new conversation; `connect()` starts its stream, from the log's first entry. */
  async start(options: SessionOptions & { title?: string } = {}): Promise<LoquatSession> {
    const { session_id } = await this.api.createSession(options.title);
    return this.resume(session_id, options);
  }

  /** Takes up a conversation again: from its first entry, or after the one given. */
  resume(sessionId: string, options: SessionOptions = {}): LoquatSession {
    return new LoquatSession(sessionId, this.api, this.env, options);
  }
}
