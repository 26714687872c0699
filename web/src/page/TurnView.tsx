import type { JSX } from "preact";
import { memo } from "preact/compat";
import type { Insight, Suggestion } from "../loquat-client/index.ts";
import { ChartView } from "./ChartView.tsx";
import { Evidence } from "./Evidence.tsx";
import { Feedback } from "./Feedback.tsx";
import { cellFormatter, formatDuration, formatInstant, humanize, labelOf } from "./format.ts";
import { Icon } from "./icons.tsx";
import { Markdown } from "./markdown.tsx";
import { questionOf } from "./starters.ts";
import { activityOf } from "./steps.ts";
import type { Theme } from "./theme_choice.ts";
import type { Store } from "./store.ts";
import { expectedShape, isSingleNumber, type Turn } from "./turn.ts";

interface Props {
  turn: Turn;
  theme: Theme;
  isLast: boolean;
  store: Store;
}

export const TurnView = memo(function TurnView({ turn, theme, isLast, store }: Props): JSX.Element {
  const running = turn.phase === "running" || turn.phase === "sending";
  return (
    <article class={`turn is-${turn.phase}`} id={`turn-${turn.key}`} aria-busy={running}>
      <h2 class="question">{turn.question}</h2>
      <Reading turn={turn} running={running} />
      <Words turn={turn} running={running} />
      <Notices turn={turn} store={store} />
      <Picture turn={turn} theme={theme} />
      <Insights insights={turn.insights} />
      <Evidence turn={turn} store={store} />
      {turn.phase === "done" ? <Feedback turn={turn} store={store} /> : null}
      {turn.clarification ? null : <Suggestions suggestions={turn.suggestions} isLast={isLast} store={store} />}
    </article>
  );
});

/** One line that is there from the start: first what is being done, then how the question was read. */
function Reading({ turn, running }: { turn: Turn; running: boolean }): JSX.Element {
  const took = turn.answer?.execution_time_ms;
  return (
    <p class="reading">
      {running ? <span class="working">{activityOf(turn)}</span> : null}
      {running && turn.interpretation ? <span class="reading-sep" aria-hidden="true" /> : null}
      {turn.interpretation ? (
        <span class="interpretation">
          <span class="visually-hidden">Read as: </span>
          {turn.interpretation}
        </span>
      ) : null}
      {!running && took !== undefined ? <span class="took">{formatDuration(took)}</span> : null}
    </p>
  );
}

function Words({ turn, running }: { turn: Turn; running: boolean }): JSX.Element | null {
  if (turn.clarification && !turn.text) return null;
  if (turn.text) return <Markdown source={turn.text} />;
  if (!running) return null;
  return (
    <div class="prose" aria-hidden="true">
      <span class="skeleton is-line" />
      <span class="skeleton is-line is-short" />
    </div>
  );
}

function Notices({ turn, store }: { turn: Turn; store: Store }): JSX.Element | null {
  const { clarification, degraded, problem } = turn;
  const cancelled = turn.status === "cancelled" && !turn.text;
  return (
    <>
      {clarification ? (
        <div class="clarify">
          <p class="clarify-question">{clarification.question}</p>
          <div class="chips" role="group" aria-label="Choose what you mean">
            {clarification.options.map((option) => (
              <button type="button" key={option.message} class="chip is-strong" onClick={() => void store.ask(option.message)}>
                {option.label}
              </button>
            ))}
          </div>
        </div>
      ) : null}
      {problem && turn.status !== "cancelled" ? (
        <p class="notice is-bad" role="alert">
          <Icon name="alert" />
          <span>{problem.message}</span>
          {turn.phase === "refused" ? (
            <button type="button" class="link" onClick={() => void store.ask(turn.question)}>Ask again</button>
          ) : null}
        </p>
      ) : null}
      {cancelled ? <p class="notice">Stopped.</p> : null}
      {degraded.map(({ integration, behaviour }) => (
        <p class="notice" key={integration}>
          <Icon name="alert" />
          <span>
            {humanize(integration)} is degraded{behaviour ? `: ${behaviour}` : ""}
          </span>
        </p>
      ))}
    </>
  );
}

function Picture({ turn, theme }: { turn: Turn; theme: Theme }): JSX.Element | null {
  const shape = expectedShape(turn);
  if (shape === "none") return null;
  if (shape === "number") return isSingleNumber(turn) ? <BigNumber turn={turn} /> : <div class="figure-place skeleton" aria-hidden="true" />;
  const spec = turn.visualization?.spec;
  // Drawn once, from the whole rows; until then its place is kept.
  if (!spec || turn.phase !== "done") return <div class="chart is-waiting skeleton" aria-hidden="true" />;
  return <ChartView title={turn.interpretation || turn.question} spec={spec} columns={turn.columns} rows={turn.rows} theme={theme} />;
}

function BigNumber({ turn }: { turn: Turn }): JSX.Element {
  const wanted = turn.columns.findIndex((column) => column.name === turn.visualization?.y_axis);
  const at = wanted >= 0 ? wanted : turn.columns.length - 1;
  const column = turn.columns[at];
  const value = turn.rows[0]?.[at] ?? null;
  const asOf = turn.answer?.provenance?.data_as_of;
  if (!column) return <div class="figure-place" />;
  return (
    <div class="figure-place">
      <span class="figure-value">{cellFormatter(column, turn.rows, at)(value)}</span>
      <span class="figure-label">
        {labelOf(column)}
        {asOf ? ` · data as of ${formatInstant(asOf)}` : ""}
      </span>
    </div>
  );
}

function Insights({ insights }: { insights: readonly Insight[] }): JSX.Element | null {
  if (insights.length === 0) return null;
  return (
    <ul class="insights" aria-label="Insights">
      {insights.map((insight, at) => (
        <li key={insight.insight_id ?? at} class={`insight is-${insight.severity ?? "info"}`}>
          <Icon name={insight.severity === "info" || !insight.severity ? "spark" : "alert"} />
          <span>{insight.headline ?? insight.content ?? humanize(insight.insight_type ?? "insight")}</span>
        </li>
      ))}
    </ul>
  );
}

interface SuggestionsProps {
  suggestions: readonly Suggestion[];
  isLast: boolean;
  store: Store;
}

export function Suggestions({ suggestions, isLast, store }: SuggestionsProps): JSX.Element | null {
  const usable = suggestions.flatMap((s) => {
    const question = questionOf(s);
    return question ? [{ label: s.content || question, question }] : [];
  });
  if (!isLast || usable.length === 0) return null;
  return (
    <div class="chips next" role="group" aria-label="What to ask next">
      {usable.map(({ label, question }) => (
        <button type="button" key={question} class="chip" title={question} onClick={() => void store.ask(question)}>
          {label}
        </button>
      ))}
    </div>
  );
}
