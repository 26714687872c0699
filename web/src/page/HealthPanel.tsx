import type { JSX } from "preact";
import type { Health, IntegrationHealth, LinkState } from "../loquat-client/index.ts";
import { Drawer } from "./Drawer.tsx";
import { formatNumber, formatSpan, humanize } from "./format.ts";
import { ModelNote } from "./ModelNote.tsx";
import type { Store } from "./store.ts";

export const kTransportNames = { websocket: "WebSocket", sse: "Server-sent events", poll: "Long polling" } as const;

export function healthSummary(health: Health | undefined, failed: boolean): { state: string; text: string } {
  if (failed) return { state: "down", text: "Not reachable" };
  if (!health) return { state: "unknown", text: "Checking" };
  const ill = Object.values(health.integrations).filter((i) => i.state === "degraded" || i.state === "down").length;
  if (ill === 0) return { state: "up", text: "All well" };
  const down = health.status === "down" || Object.values(health.integrations).some((i) => i.state === "down");
  return { state: down ? "down" : "degraded", text: `${ill} degraded` };
}

const kNames: Record<string, string> = { dbt: "dbt", llm: "Language model", websocket: "WebSocket", kafka: "Kafka" };

interface Props {
  open: boolean;
  store: Store;
  health: Health | undefined;
  failed: boolean;
  link: LinkState;
  onClose: () => void;
}

export function HealthPanel({ open, store, health, failed, link, onClose }: Props): JSX.Element {
  return (
    <Drawer open={open} title="System health" onClose={onClose}>
      {failed ? <p class="notice is-bad">The daemon did not answer the last check.</p> : null}
      {health ? (
        <>
          <p class="health-head">
            Loquat {health.version}
            {health.uptime_s === undefined ? "" : `, up ${formatSpan(health.uptime_s)}`}
            {link.phase === "open" ? `. This page reads by ${kTransportNames[link.transport]}.` : "."}
          </p>
          <ul class="health-list">
            {Object.entries(health.integrations).map(([name, integration]) => (
              <Integration key={name} name={name} integration={integration} />
            ))}
          </ul>
          {open ? <ModelNote store={store} /> : null}
        </>
      ) : null}
    </Drawer>
  );
}

function Integration({ name, integration }: { name: string; integration: IntegrationHealth }): JSX.Element {
  const { state, breaker, buffered, capacity, dropped_total, spooled, last_error, behaviour, since } = integration;
  const ill = state === "degraded" || state === "down";
  const for_s = since ? (Date.now() - new Date(since).getTime()) / 1000 : undefined;
  const figures = [
    breaker && breaker !== "closed" ? `breaker ${breaker.replace("_", "-")}` : "",
    buffered ? `${formatNumber(buffered)}${capacity ? ` of ${formatNumber(capacity)}` : ""} waiting` : "",
    spooled ? `${formatNumber(spooled)} on disk` : "",
    dropped_total ? `${formatNumber(dropped_total)} dropped` : "",
  ].filter(Boolean);
  return (
    <li class="health-item">
      <span class={`dot is-${state}`} aria-hidden="true" />
      <div class="health-what">
        <span class="health-name">{kNames[name] ?? humanize(name)}</span>
        {ill || state === "disabled" ? <span class="health-note">{behaviour}</span> : null}
        {ill && last_error ? <span class="health-note is-error">{last_error}</span> : null}
        {figures.length > 0 ? <span class="health-note">{figures.join(" · ")}</span> : null}
      </div>
      <span class="health-state">
        {humanize(state)}
        {ill && for_s !== undefined && for_s >= 0 ? <span class="health-note">{formatSpan(for_s)}</span> : null}
      </span>
    </li>
  );
}
