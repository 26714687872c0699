// What the page keeps for one tab. Storage may be refused (private windows); everything works without it.

function read<T>(area: Storage, key: string): T | undefined {
  try {
    const text = area.getItem(key);
    return text === null ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
}

function write(area: Storage, key: string, value: unknown): void {
  try {
    if (value === undefined) area.removeItem(key);
    else area.setItem(key, JSON.stringify(value));
  } catch {
    // Kept in memory only, then.
  }
}

export interface KeptSession {
  id: string;
  title: string;
}

export const tab = {
  sessions: () => read<KeptSession[]>(sessionStorage, "loquat.sessions") ?? [],
  keepSessions: (sessions: KeptSession[]) => write(sessionStorage, "loquat.sessions", sessions),
  active: () => read<string>(sessionStorage, "loquat.active"),
  keepActive: (id: string | undefined) => write(sessionStorage, "loquat.active", id),
  token: () => read<string>(sessionStorage, "loquat.token"),
  keepToken: (token: string | undefined) => write(sessionStorage, "loquat.token", token),
};
