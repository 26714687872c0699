// What an answer rests on: its rows, its SQL, and how it was computed.
import type { ComponentChildren, JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { DataTable } from "./DataTable.tsx";
import { formatDuration, formatInstant, toCsv } from "./format.ts";
import { Icon, type IconName } from "./icons.tsx";
import { SqlText } from "./sql.tsx";
import { stepLabel } from "./steps.ts";
import type { Store } from "./store.ts";
import type { Turn } from "./turn.ts";

type TabName = "table" | "sql" | "how";

export function Evidence({ turn, store }: { turn: Turn; store: Store }): JSX.Element | null {
  const id = useId();
  const [chosen, setChosen] = useState<TabName>();
  // Once a query is planned its rows and SQL will come: their tabs stand ready, and none moves later.
  const planned = turn.phase === "running" && turn.query !== undefined;
  const done = turn.phase === "done";
  const tabs: [TabName, string, boolean][] = [
    ["table", "Table", planned || turn.columns.length > 0],
    ["sql", "SQL", planned || turn.sql !== ""],
    ["how", "How it was computed", planned || (done && (turn.sql !== "" || turn.answer?.provenance !== undefined))],
  ];
  const open = tabs.filter(([, , there]) => there);
  const current = open.find(([name]) => name === chosen) ?? open[0];
  if (!current) return null;
  const [active] = current;

  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const at = open.findIndex(([name]) => name === active);
    const next = open[(at + by + open.length) % open.length];
    if (!next) return;
    setChosen(next[0]);
    document.getElementById(`${id}-${next[0]}`)?.focus();
  };

  return (
    <section class="evidence" aria-label="Evidence">
      <div class="tabs">
        <div class="tablist" role="tablist" onKeyDown={onKeyDown}>
          {open.map(([name, label]) => (
            <button
              type="button"
              key={name}
              id={`${id}-${name}`}
              class="tab"
              role="tab"
              data-tab={name}
              aria-selected={name === active}
              aria-controls={`${id}-panel`}
              tabIndex={name === active ? 0 : -1}
              onClick={() => setChosen(name)}
            >
              {label}
            </button>
          ))}
        </div>
        <div class="tab-tools">{active === "how" || !done ? null : <Tools tab={active} turn={turn} store={store} />}</div>
      </div>
      <div id={`${id}-panel`} class="tab-panel" role="tabpanel" aria-labelledby={`${id}-${active}`}>
        {active === "table" ? <Rows turn={turn} /> : null}
        {active === "sql" ? (
          <pre class="sql" tabIndex={0} aria-label="SQL">
            <SqlText sql={turn.sql} />
          </pre>
        ) : null}
        {active === "how" ? <How turn={turn} /> : null}
      </div>
    </section>
  );
}

function Rows({ turn }: { turn: Turn }): JSX.Element {
  if (turn.rows.length === 0) {
    return turn.phase === "done" ? <p class="empty-rows">No rows.</p> : <div class="rows-place skeleton" aria-hidden="true" />;
  }
  const truncated = turn.answer?.data?.truncated ?? false;
  return <DataTable caption={turn.question} columns={turn.columns} rows={turn.rows} truncated={truncated} />;
}

function Tools({ tab, turn, store }: { tab: "table" | "sql"; turn: Turn; store: Store }): JSX.Element {
  const used = (how: string) => store.reportUse(turn, how);
  const csv = () => toCsv(turn.columns, turn.rows);
  if (tab === "sql") return <CopyButton label="Copy SQL" text={() => turn.sql} onDone={() => used("sql_copied")} />;
  return (
    <>
      <CopyButton label="Copy rows" text={csv} onDone={() => used("data_copied")} />
      <button
        type="button"
        class="tool"
        title="Download as CSV"
        onClick={() => {
          download(csv(), "answer.csv");
          used("data_exported");
        }}
      >
        <Icon name="save" />
        <span class="visually-hidden">Download as CSV</span>
      </button>
    </>
  );
}

function CopyButton({ label, text, onDone }: { label: string; text: () => string; onDone: () => void }): JSX.Element {
  const [icon, setIcon] = useState<IconName>("copy");
  const copy = async () => {
    if (!(await copyText(text()))) return;
    setIcon("check");
    setTimeout(() => setIcon("copy"), 1600);
    onDone();
  };
  return (
    <button type="button" class="tool" title={label} onClick={copy}>
      <Icon name={icon} />
      <span class="visually-hidden" aria-live="polite">{icon === "check" ? "Copied" : label}</span>
    </button>
  );
}

/** The clipboard's own door is shut on plain HTTP; a selected text area is the older one. */
async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function download(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function How({ turn }: { turn: Turn }): JSX.Element {
  const from = turn.answer?.provenance;
  const range = from?.time_range as { start?: string; end?: string; phrase?: string } | string | null | undefined;
  return (
    <div class="how">
      <dl class="facts">
        <Fact name="Metrics" values={from?.metrics} />
        <Fact name="Models" values={from?.models} />
        <Fact name="Columns" values={from?.columns} />
        <Fact name="Filters" values={from?.filters} />
        {range ? <Row name="Time range">{rangeText(range)}</Row> : null}
        {from?.data_as_of ? <Row name="Data as of">{formatInstant(from.data_as_of)}</Row> : null}
        {from?.model_version ? <Row name="Model version"><code>{from.model_version}</code></Row> : null}
        {turn.confidence === undefined ? null : <Row name="Confidence">{Math.round(turn.confidence * 100)} %</Row>}
        {turn.dialect ? <Row name="SQL dialect">{turn.dialect}</Row> : null}
        {turn.answer?.checks?.length ? <Row name="Checked">{turn.answer.checks.join(' ')}</Row> : null}
        {turn.answer?.learnt_from ? (
          <Row name="Taught by">
            {turn.answer.learnt_from.kind === 'verified' ? 'a verified answer' : 'corrections'}, version{' '}
            {turn.answer.learnt_from.version}: “{turn.answer.learnt_from.question}”
          </Row>
        ) : null}
        {turn.answer?.personalized ? <Row name="Personalized">Yes, by what was learned of your preferences</Row> : null}
        {turn.answer?.trace_id ? <Row name="Trace"><code>{turn.answer.trace_id}</code></Row> : null}
      </dl>
      {turn.steps.length > 0 ? (
        <ol class="trail" aria-label="Steps">
          {turn.steps.map((step, at) => (
            <li key={at}>
              <span class="trail-name">{stepLabel(step.type)}</span>
              <span class="trail-summary">{step.summary}</span>
              <span class="trail-time">{step.durationMs === undefined ? "" : formatDuration(step.durationMs)}</span>
            </li>
          ))}
        </ol>
      ) : null}
    </div>
  );
}

function rangeText(range: { start?: string; end?: string; phrase?: string } | string): string {
  if (typeof range === "string") return range;
  const bounds = [range.start, range.end].map((day) => (day ? formatInstant(day) : "…"));
  const days = range.start || range.end ? bounds.join(" – ") : "All dates";
  return range.phrase ? `${days} (“${range.phrase}”)` : days;
}

function Row({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Fact({ name, values }: { name: string; values: unknown[] | undefined }): JSX.Element | null {
  if (!values || values.length === 0) return null;
  return (
    <Row name={name}>
      <ul class="names">
        {values.map((value) => {
          const text = typeof value === "string" ? value : JSON.stringify(value);
          return <li key={text}><code>{text}</code></li>;
        })}
      </ul>
    </Row>
  );
}
