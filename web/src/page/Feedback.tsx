import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Receipt } from "../loquat-client/index.ts";
import { Icon } from "./icons.tsx";
import { explain, type Store } from "./store.ts";
import type { Turn } from "./turn.ts";

const kReasons: [code: string, label: string][] = [
  ["wrong_numbers", "The numbers look wrong"],
  ["wrong_metric", "Not the metric I meant"],
  ["wrong_time_range", "Wrong time range"],
  ["wrong_filter_or_grouping", "Wrong filter or grouping"],
  ["hard_to_read", "Hard to read"],
  ["too_slow", "Too slow"],
];

type Open = "none" | "reasons" | "correction";
type Outcome = { state: "idle" } | { state: "sending" } | { state: "kept"; text: string; id: string } | { state: "failed"; text: string };

function receiptText(receipt: Receipt, what: string): string {
  return receipt.status === "buffered" ? `Thank you. ${what} is kept and will be delivered shortly.` : `Thank you. ${what} is kept.`;
}

export function Feedback({ turn, store }: { turn: Turn; store: Store }): JSX.Element | null {
  const [open, setOpen] = useState<Open>("none");
  const [vote, setVote] = useState<"up" | "down">();
  const [voteId, setVoteId] = useState<string>();
  const [outcome, setOutcome] = useState<Outcome>({ state: "idle" });
  const responseId = turn.answer?.response_id;
  useEffect(() => {
    let gone = false;
    if (responseId)
      void store.voteOf(responseId).then((said) => {
        if (gone || !said) return;
        setVote(said.feedback_type === "thumbs_up" ? "up" : "down");
        setVoteId(said.event_id);
      });
    return () => {
      gone = true;
    };
  }, [responseId, store]);
  if (!responseId) return null;

  const send = async (what: string, request: () => Promise<Receipt>): Promise<Receipt | undefined> => {
    setOutcome({ state: "sending" });
    try {
      const receipt = await request();
      setOutcome({ state: "kept", text: receiptText(receipt, what), id: receipt.event_id });
      return receipt;
    } catch (error) {
      setOutcome({ state: "failed", text: `Not sent: ${explain(error)}` });
      return undefined;
    }
  };

  const castVote = async (which: "up" | "down", body: Record<string, unknown>) => {
    const receipt = await send(voteId ? "Your changed vote" : "Your vote", () => store.vote(responseId, voteId, body));
    if (!receipt) return;
    setVote(which);
    setVoteId(receipt.event_id);
    setOpen("none");
  };
  const voteUp = async () => {
    setOpen("none");
    if (vote === "up") return;
    await castVote("up", { feedback_type: "thumbs_up", ...(voteId ? {} : { data: { question: turn.question } }) });
  };
  const voteDown = async (reasons: string[], comment: string) => {
    const body = {
      feedback_type: "thumbs_down",
      ...(comment ? { comment } : {}),
      ...(voteId ? { reasons } : { data: { question: turn.question, reasons } }),
    };
    await castVote("down", body);
  };
  const correct = async (body: Record<string, string>) => {
    if (await send("Your correction", () => store.submitCorrection(responseId, body))) setOpen("none");
  };
  const toggle = (what: Open) => {
    setOutcome({ state: "idle" });
    setOpen(open === what ? "none" : what);
  };

  return (
    <div class="feedback">
      <div class="feedback-bar" role="group" aria-label="Feedback on this answer">
        <button type="button" class="tool" aria-pressed={vote === "up"} onClick={voteUp} disabled={outcome.state === "sending"}>
          <Icon name="up" />
          <span class="visually-hidden">Good answer</span>
        </button>
        <button type="button" class="tool" aria-pressed={vote === "down"} aria-expanded={open === "reasons"} onClick={() => toggle("reasons")}>
          <Icon name="down" />
          <span class="visually-hidden">Bad answer</span>
        </button>
        <button type="button" class="tool has-text" aria-expanded={open === "correction"} onClick={() => toggle("correction")}>
          <Icon name="pen" />
          Correct it
        </button>
        <span class={`receipt is-${outcome.state}`} role="status" title={outcome.state === "kept" ? outcome.id : ""}>
          {outcome.state === "kept" ? <Icon name="check" /> : null}
          {outcome.state === "kept" || outcome.state === "failed" ? outcome.text : ""}
        </span>
      </div>
      {open === "reasons" ? <ReasonsForm onSend={voteDown} onClose={() => setOpen("none")} /> : null}
      {open === "correction" ? <CorrectionForm turn={turn} onSend={correct} onClose={() => setOpen("none")} /> : null}
    </div>
  );
}

/** A form that opens under the ask box comes into sight. */
function useInSight() {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.scrollIntoView({ block: "nearest" }), []);
  return form;
}

function closeOnEscape(close: () => void) {
  return (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
}

interface ReasonsProps {
  onSend: (reasons: string[], comment: string) => void;
  onClose: () => void;
}

function ReasonsForm({ onSend, onClose }: ReasonsProps): JSX.Element {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [comment, setComment] = useState("");
  const form = useInSight();
  const flip = (code: string) => {
    const next = new Set(chosen);
    if (!next.delete(code)) next.add(code);
    setChosen(next);
  };
  return (
    <form
      ref={form}
      class="panel"
      aria-label="What was wrong"
      onKeyDown={closeOnEscape(onClose)}
      onSubmit={(event) => {
        event.preventDefault();
        onSend([...chosen], comment.trim());
      }}
    >
      <fieldset>
        <legend>What was wrong?</legend>
        <div class="chips">
          {kReasons.map(([code, label]) => (
            <button type="button" key={code} class="chip" aria-pressed={chosen.has(code)} onClick={() => flip(code)}>
              {label}
            </button>
          ))}
        </div>
      </fieldset>
      <label class="field">
        <span>Anything else (optional)</span>
        <input type="text" maxLength={2000} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
      </label>
      <div class="panel-actions">
        <button type="submit" class="button is-main">Send</button>
        <button type="button" class="button" onClick={onClose}>Not now</button>
      </div>
    </form>
  );
}

interface CorrectionProps {
  turn: Turn;
  onSend: (body: Record<string, string>) => void;
  onClose: () => void;
}

function CorrectionForm({ turn, onSend, onClose }: CorrectionProps): JSX.Element {
  const [kind, setKind] = useState<"sql" | "text">(turn.sql ? "sql" : "text");
  const [sql, setSql] = useState(turn.sql);
  const [text, setText] = useState(turn.text);
  const [comment, setComment] = useState("");
  const first = useRef<HTMLTextAreaElement>(null);
  const form = useInSight();
  useEffect(() => first.current?.focus({ preventScroll: true }), [kind]);
  const changed = kind === "sql" ? sql.trim() !== "" && sql !== turn.sql : text.trim() !== "" && text !== turn.text;

  const submit = () => {
    const body: Record<string, string> = kind === "sql" ? { corrected_sql: sql } : { corrected_text: text };
    if (kind === "sql" && turn.sql) body["original_sql"] = turn.sql;
    if (comment.trim()) body["comment"] = comment.trim();
    onSend(body);
  };
  return (
    <form
      ref={form}
      class="panel"
      aria-label="Correct this answer"
      onKeyDown={closeOnEscape(onClose)}
      onSubmit={(event) => {
        event.preventDefault();
        if (changed) submit();
      }}
    >
      <fieldset>
        <legend>What would be right?</legend>
        <div class="chips">
          {turn.sql ? (
            <button type="button" class="chip" aria-pressed={kind === "sql"} onClick={() => setKind("sql")}>The SQL</button>
          ) : null}
          <button type="button" class="chip" aria-pressed={kind === "text"} onClick={() => setKind("text")}>The words</button>
        </div>
      </fieldset>
      <label class="field">
        <span class="visually-hidden">{kind === "sql" ? "Corrected SQL" : "Corrected text"}</span>
        {kind === "sql" ? (
          <textarea ref={first} class="mono" rows={8} spellcheck={false} value={sql} onInput={(event) => setSql(event.currentTarget.value)} />
        ) : (
          <textarea ref={first} rows={4} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        )}
      </label>
      <label class="field">
        <span>Why (optional)</span>
        <input type="text" maxLength={2000} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
      </label>
      <div class="panel-actions">
        <button type="submit" class="button is-main" disabled={!changed}>Send correction</button>
        <button type="button" class="button" onClick={onClose}>Not now</button>
      </div>
    </form>
  );
}
