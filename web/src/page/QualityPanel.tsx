import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { QualityFacet, QualityRow } from "../loquat-client/index.ts";
import { Drawer } from "./Drawer.tsx";
import { formatNumber, humanize } from "./format.ts";
import { explain, type Store } from "./store.ts";

const kFacets: [QualityFacet, string][] = [
  ["metric", "Metric"],
  ["kind", "Kind"],
  ["agent", "Agent"],
  ["day", "Day"],
];

const share = (value: number | null | undefined) => (value === null || value === undefined ? "–" : `${Math.round(value * 100)} %`);

/** How good the answers are, by what they were about; for those who curate. */
export function QualityPanel({ open, store, onClose }: { open: boolean; store: Store; onClose: () => void }): JSX.Element {
  const [by, setBy] = useState<QualityFacet>("metric");
  const [rows, setRows] = useState<QualityRow[]>();
  const [failure, setFailure] = useState("");
  useEffect(() => {
    if (!open) return undefined;
    let gone = false;
    setRows(undefined);
    setFailure("");
    store.quality(by).then(
      (found) => !gone && setRows(found),
      (error: unknown) => !gone && setFailure(explain(error)),
    );
    return () => {
      gone = true;
    };
  }, [open, by, store]);
  return (
    <Drawer open={open} title="Answer quality" onClose={onClose}>
      <div class="chips" role="group" aria-label="By">
        {kFacets.map(([facet, label]) => (
          <button type="button" key={facet} class="chip" aria-pressed={facet === by} onClick={() => setBy(facet)}>
            {label}
          </button>
        ))}
      </div>
      {failure ? <p class="notice is-bad" role="alert">{failure}</p> : null}
      {rows?.length === 0 ? <p class="notice">No answers yet.</p> : null}
      {rows && rows.length > 0 ? (
        <table class="quality">
          <caption class="visually-hidden">Answers by {by}</caption>
          <thead>
            <tr>
              <th scope="col">{humanize(by)}</th>
              <th scope="col">Answers</th>
              <th scope="col">Feedback</th>
              <th scope="col">Accepted</th>
              <th scope="col">Rating</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.value}>
                <th scope="row">{by === "day" ? row.value : humanize(row.value)}</th>
                <td>{formatNumber(row.answers)}</td>
                <td title={`${row.corrections} corrections, ${row.escalations} escalations`}>{formatNumber(row.feedback)}</td>
                <td>{share(row.acceptance_rate)}</td>
                <td>{row.mean_rating ? row.mean_rating.toFixed(1) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
    </Drawer>
  );
}
