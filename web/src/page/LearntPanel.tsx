import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LearntEffect, LearntItem, LearntKind, LearntList } from "../loquat-client/index.ts";
import { Drawer } from "./Drawer.tsx";
import { formatInstant, formatNumber } from "./format.ts";
import { explain, type Store } from "./store.ts";
import type { Turn } from "./turn.ts";

const kKinds: [LearntKind, string][] = [
  ["verified", "Trusted answers"],
  ["memory", "Learned from corrections"],
];

/** What people taught: trusted answers, and what corrections led to; curators decide here. */
export function LearntPanel({ open, store, last, onClose }: { open: boolean; store: Store; last: Turn | undefined; onClose: () => void }): JSX.Element {
  const [kind, setKind] = useState<LearntKind>("verified");
  const [list, setList] = useState<LearntList>();
  const [failure, setFailure] = useState("");
  const [stamp, setStamp] = useState(0);
  useEffect(() => {
    if (!open) return undefined;
    let gone = false;
    setList(undefined);
    store.learnt(kind).then(
      (found) => !gone && setList(found),
      (error: unknown) => !gone && setFailure(explain(error)),
    );
    return () => {
      gone = true;
    };
  }, [open, kind, stamp, store]);
  const act = (work: Promise<unknown>) => {
    setFailure("");
    work.then(
      () => setStamp(Date.now()),
      (error: unknown) => setFailure(explain(error)),
    );
  };
  const responseId = last?.phase === "done" && last.status === "complete" && last.answer?.query ? last.answer.response_id : undefined;
  return (
    <Drawer open={open} title="Taught answers" onClose={onClose}>
      <div class="chips" role="group" aria-label="Kind">
        {kKinds.map(([value, label]) => (
          <button type="button" key={value} class="chip" aria-pressed={value === kind} onClick={() => setKind(value)}>
            {label}
          </button>
        ))}
      </div>
      {failure ? <p class="notice is-bad" role="alert">{failure}</p> : null}
      {kind === "verified" && last && responseId ? (
        <p>
          <button type="button" class="button" onClick={() => act(store.verify(last.question, responseId))}>
            Trust the last answer: “{last.question}”
          </button>
        </p>
      ) : null}
      {list && list.broken_count > 0 ? (
        <p class="notice is-bad" role="status">
          {list.broken_count === 1 ? "One item does" : `${list.broken_count} items do`} not fit the model in force, and {list.broken_count === 1 ? "is" : "are"} not used.
        </p>
      ) : null}
      {list?.items.length === 0 ? <p class="notice">{kind === "verified" ? "No trusted answers yet." : "Nothing was learned yet."}</p> : null}
      <ul class="learnt">
        {(list?.items ?? []).map((item) => (
          <Item key={item.id} item={item} store={store} act={act} />
        ))}
      </ul>
    </Drawer>
  );
}

interface ItemProps {
  item: LearntItem;
  store: Store;
  act: (work: Promise<unknown>) => void;
}

function Item({ item, store, act }: ItemProps): JSX.Element {
  const isMemory = item.kind === "memory";
  const name = `“${item.question}”`;
  return (
    <li>
      <p class="learnt-question">{item.question}</p>
      <p class="learnt-facts">
        <span class={`state is-${item.broken ? "broken" : item.state}`}>{item.broken ? "broken" : item.state}</span>
        {` version ${item.version}, used ${formatNumber(item.used_count)} times, ${formatInstant(item.updated_at)}`}
      </p>
      {item.broken ? <p class="notice is-bad">{item.broken}</p> : null}
      {item.problems.map((problem) => <p key={problem} class="notice">{problem}</p>)}
      {item.corrected_text ? <p class="learnt-facts">Corrected to: “{item.corrected_text}”</p> : null}
      {item.corrected_sql ? <pre class="learnt-sql" tabIndex={0} aria-label={`Corrected SQL for ${name}`}>{item.corrected_sql}</pre> : null}
      {item.note ? <p class="learnt-facts">“{item.note}”</p> : null}
      {item.before || item.after ? (
        <dl class="facts">
          <Effect name="Before" effect={item.before} />
          <Effect name="After" effect={item.after} />
        </dl>
      ) : null}
      <div class="chips">
        {isMemory && item.state !== "active" && item.query ? (
          <button type="button" class="chip" aria-label={`Approve ${name}`} onClick={() => act(store.decide(item.id, "activate"))}>Approve</button>
        ) : null}
        {isMemory && item.state !== "retired" ? (
          <button type="button" class="chip" aria-label={`Retire ${name}`} onClick={() => act(store.decide(item.id, "retire"))}>Retire</button>
        ) : null}
        {isMemory && item.history.length > 1 ? (
          <button type="button" class="chip" aria-label={`Undo the last change of ${name}`} onClick={() => act(store.decide(item.id, "undo"))}>Undo</button>
        ) : null}
        {isMemory ? null : (
          <button type="button" class="chip" aria-label={`No longer trust ${name}`} onClick={() => act(store.unverify(item.id))}>No longer trust</button>
        )}
      </div>
    </li>
  );
}

function Effect({ name, effect }: { name: string; effect: LearntEffect | null | undefined }): JSX.Element | null {
  if (!effect) return null;
  const rows = `${formatNumber(effect.row_count)} ${effect.row_count === 1 ? "row" : "rows"}`;
  const sum = effect.value === null || effect.value === undefined ? "" : `, ${formatNumber(effect.value)} in all`;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{effect.error || `${effect.interpretation} ${rows}${sum}`}</dd>
    </div>
  );
}
