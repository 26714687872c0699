import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Metric } from "../loquat-client/index.ts";
import { labelOf } from "./format.ts";
import { Icon } from "./icons.tsx";
import type { KeptSession } from "./storage.ts";

interface Props {
  sessions: readonly KeptSession[];
  activeId: string | undefined;
  metrics: readonly Metric[];
  onNew: () => void;
  onShow: (id: string) => void;
  onMetric: (label: string) => void;
}

/** The conversations of this tab, and the metrics that can be asked for. */
export function Rail({ sessions, activeId, metrics, onNew, onShow, onMetric }: Props): JSX.Element {
  const [search, setSearch] = useState("");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = metrics.filter((metric) => {
    const text = `${metric.name} ${metric.label ?? ""} ${metric.description ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <div class="rail-inner">
      <button type="button" class="button rail-new" onClick={onNew}>
        <Icon name="plus" />
        New conversation
      </button>
      {sessions.length > 0 ? (
        <nav aria-label="Conversations in this tab">
          <h2 class="rail-title">In this tab</h2>
          <ul class="rail-list is-sessions">
            {sessions.map(({ id, title }) => (
              <li key={id}>
                <button type="button" class="rail-item" aria-current={id === activeId} title={title} onClick={() => onShow(id)}>
                  {title}
                </button>
              </li>
            ))}
          </ul>
        </nav>
      ) : null}
      <section class="rail-metrics" aria-label="Metrics">
        <h2 class="rail-title">
          Metrics <span class="count">{metrics.length || ""}</span>
        </h2>
        <input
          type="search"
          class="rail-search"
          placeholder="Search metrics"
          aria-label="Search metrics"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <ul class="rail-list">
          {found.map((metric) => (
            <li key={metric.name}>
              <button type="button" class="rail-item" title={metric.description ?? metric.name} onClick={() => onMetric(labelOf(metric))}>
                {labelOf(metric)}
              </button>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
