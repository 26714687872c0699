/** What the client takes from its surroundings; tests give their own. */
export interface Socket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
}

export interface Environment {
  socket: ((url: string, protocols: string[]) => Socket) | undefined;
  fetch: typeof fetch;
  after(ms: number, run: () => void): () => void;
  random(): number;
  id(): string;
  /** Takes what a listener throws; absent, it is thrown again from the event loop. */
  report?: (error: unknown) => void;
}

export function browserEnvironment(): Environment {
  return {
    socket:
      typeof WebSocket === "undefined"
        ? undefined
        : (url, protocols) => new WebSocket(url, protocols) as unknown as Socket,
    fetch: (input, init) => fetch(input, init),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    random: Math.random,
    id: newId,
  };
}

/** crypto.randomUUID exists only in secure contexts, and a daemon in a local network is often plain HTTP. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
