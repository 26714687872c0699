import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ModelStatus } from "../loquat-client/index.ts";
import { formatNumber, formatSpan } from "./format.ts";
import { explain, type Store } from "./store.ts";

const kNamesShown = 8;
const since = (time: string) => `${formatSpan(Math.max(0, (Date.now() - new Date(time).getTime()) / 1000))} ago`;

/** Which dbt model answers, what the last sync did to the one before, and which stored queries that broke. */
export function ModelNote({ store }: { store: Store }): JSX.Element | null {
  const [model, setModel] = useState<ModelStatus>();
  const [failure, setFailure] = useState("");
  useEffect(() => {
    let gone = false;
    store.model().then(
      (found) => !gone && setModel(found),
      (error: unknown) => !gone && setFailure(explain(error)),
    );
    return () => {
      gone = true;
    };
  }, [store]);
  if (failure) return <p class="notice is-bad" role="alert">{failure}</p>;
  if (!model) return null;
  const { state, project_name, fetched_at, last_error, counts, errors, broken, last_change } = model;
  return (
    <section class="model-note" aria-label="Model">
      <h3>{project_name || "No model"}</h3>
      <p class="health-note">
        {formatNumber(counts.metrics)} metrics, {formatNumber(counts.dimensions)} dimensions, {formatNumber(counts.models)} models
        {fetched_at ? `, read ${since(fetched_at)}` : ""}
        {errors.length > 0 ? `; ${formatNumber(errors.length)} definitions left out` : ""}
      </p>
      {state !== "fresh" && last_error ? <p class="health-note is-error">{last_error}</p> : null}
      {last_change ? (
        <>
          <p class="health-note">Last changed {since(last_change.at)}</p>
          <Names label="Added" count={last_change.added_count} names={last_change.added} />
          <Names label="Changed" count={last_change.changed_count} names={last_change.changed} />
          <Names label="Removed" count={last_change.removed_count} names={last_change.removed} />
        </>
      ) : null}
      {broken.map((query) => (
        <p class="health-note is-error" key={`${query.kind} ${query.title}`}>
          No longer answered: “{query.title}”. {query.reason}
        </p>
      ))}
    </section>
  );
}

function Names({ label, count, names }: { label: string; count: number; names: string[] }): JSX.Element | null {
  if (count === 0) return null;
  const rest = count - Math.min(names.length, kNamesShown);
  return (
    <p class="health-note">
      {label} {formatNumber(count)}: {names.slice(0, kNamesShown).join(", ")}
      {rest > 0 ? ` and ${formatNumber(rest)} more` : ""}
    </p>
  );
}
