import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { CopilotMode, LinkState } from "../loquat-client/index.ts";
import { AskBox } from "./AskBox.tsx";
import { Drawer } from "./Drawer.tsx";
import { HealthPanel, healthSummary, kTransportNames } from "./HealthPanel.tsx";
import { Icon } from "./icons.tsx";
import { LearntPanel } from "./LearntPanel.tsx";
import { QualityPanel } from "./QualityPanel.tsx";
import { Rail } from "./Rail.tsx";
import type { Starter } from "./starters.ts";
import type { PageState, Store } from "./store.ts";
import { TokenDialog } from "./TokenDialog.tsx";
import { Suggestions, TurnView } from "./TurnView.tsx";

function useStore(store: Store): PageState {
  const [state, setState] = useState(store.state);
  useLayoutEffect(() => {
    setState(store.state);
    return store.subscribe(() => setState(store.state));
  }, [store]);
  return state;
}

export function App({ store }: { store: Store }): JSX.Element {
  const state = useStore(store);
  const [panel, setPanel] = useState<"none" | "health" | "menu" | "quality" | "learnt">("none");
  const [draft, setDraft] = useState({ text: "", stamp: 0 });
  const { turns, activeId } = state;
  const last = turns.at(-1);
  const running = last?.phase === "running" || last?.phase === "sending";
  const isEmpty = turns.length === 0 && !activeId;
  useQuestionInView(last?.key);

  const close = () => setPanel("none");
  const rail = (
    <Rail
      sessions={state.sessions}
      activeId={activeId}
      metrics={state.metrics}
      onNew={() => {
        store.newConversation();
        setDraft({ text: "", stamp: Date.now() });
        close();
      }}
      onShow={(id) => {
        store.show(id);
        close();
      }}
      onMetric={(label) => {
        setDraft({ text: `${label} `, stamp: Date.now() });
        close();
      }}
    />
  );
  const ask = (
    <AskBox
      history={turns.map((turn) => turn.question)}
      running={running}
      draft={draft}
      onAsk={(question) => void store.ask(question)}
      onCancel={() => store.cancel()}
    />
  );

  return (
    <div class="shell">
      <Header store={store} state={state} onHealth={() => setPanel("health")} onMenu={() => setPanel("menu")} onQuality={() => setPanel("quality")} onLearnt={() => setPanel("learnt")} />
      <aside class="rail" aria-label="Conversations and metrics">{rail}</aside>
      <main class={isEmpty ? "main is-empty" : "main"}>
        {isEmpty ? (
          <Welcome starters={state.starters} onAsk={(question) => void store.ask(question)}>{ask}</Welcome>
        ) : (
          <>
            <h1 class="visually-hidden">Conversation</h1>
            <div class="turns">
              {state.hasGap ? <p class="notice">Earlier entries of this conversation are no longer kept.</p> : null}
              {turns.map((turn) => (
                <TurnView key={turn.key} turn={turn} theme={state.theme} isLast={turn === last} store={store} />
              ))}
              <Suggestions suggestions={state.proactive} isLast store={store} />
            </div>
            <div class="dock">
              <LinkNotice link={state.link} />
              {ask}
            </div>
          </>
        )}
        {state.notice ? (
          <p class="toast" role="alert">
            {state.notice}
            <button type="button" class="tool" onClick={() => store.dismissNotice()}>
              <Icon name="close" />
              <span class="visually-hidden">Dismiss</span>
            </button>
          </p>
        ) : null}
      </main>
      <p class="visually-hidden" role="status">{last?.phase === "done" ? `Answer: ${last.text || last.clarification?.question || last.status}` : ""}</p>
      <HealthPanel open={panel === "health"} store={store} health={state.health} failed={state.healthFailed} link={state.link} onClose={close} />
      <QualityPanel open={panel === "quality"} store={store} onClose={close} />
      <LearntPanel open={panel === "learnt"} store={store} last={last} onClose={close} />
      <Drawer open={panel === "menu"} title="Conversations and metrics" side="left" onClose={close}>{panel === "menu" ? rail : null}</Drawer>
      <TokenDialog open={state.askForToken} onGive={(token) => store.giveToken(token)} />
    </div>
  );
}

/** A new question moves to the top, and its answer grows below it into room that is already there. */
function useQuestionInView(key: string | undefined): void {
  const before = useRef(key);
  useEffect(() => {
    if (key === before.current) return;
    before.current = key;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    document.getElementById(`turn-${key}`)?.scrollIntoView({ block: "start", behavior: calm ? "instant" : "smooth" });
  }, [key]);
}

const kModes: [CopilotMode, string][] = [
  ["passive", "Passive"],
  ["balanced", "Balanced"],
  ["proactive", "Proactive"],
];

interface HeaderProps {
  store: Store;
  state: PageState;
  onHealth: () => void;
  onMenu: () => void;
  onQuality: () => void;
  onLearnt: () => void;
}

function Header({ store, state, onHealth, onMenu, onQuality, onLearnt }: HeaderProps): JSX.Element {
  const summary = healthSummary(state.health, state.healthFailed);
  return (
    <header class="bar">
      <button type="button" class="tool bar-menu" onClick={onMenu}>
        <Icon name="menu" />
        <span class="visually-hidden">Conversations and metrics</span>
      </button>
      <a class="brand" href="/" onClick={(event) => {
        event.preventDefault();
        store.newConversation();
      }}>
        <img src="/logo.svg" alt="" width="30" height="30" />
        <span>Loquat</span>
      </a>
      <div class="bar-tools">
        {state.mode ? (
          <label class="mode">
            <span>Copilot</span>
            <select value={state.mode} title="How much the copilot offers by itself" onChange={(event) => void store.setMode(event.currentTarget.value as CopilotMode)}>
              {kModes.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
            </select>
          </label>
        ) : null}
        <button type="button" class="pill" aria-haspopup="dialog" aria-label="Answer quality" onClick={onQuality}>
          <Icon name="up" />
          <span class="pill-text">Quality</span>
        </button>
        <button type="button" class="pill" aria-haspopup="dialog" aria-label="Taught answers" onClick={onLearnt}>
          <Icon name="check" />
          <span class="pill-text">Taught</span>
        </button>
        <button type="button" class="pill" aria-haspopup="dialog" aria-label={`System health: ${summary.text}`} onClick={() => {
          void store.refreshHealth();
          onHealth();
        }}>
          <span class={`dot is-${summary.state}`} aria-hidden="true" />
          <span class="pill-text">{summary.text}</span>
        </button>
        <button type="button" class="tool" aria-label={state.theme === "dark" ? "Use the light theme" : "Use the dark theme"} data-action="theme" onClick={() => store.toggleTheme()}>
          <Icon name={state.theme === "dark" ? "sun" : "moon"} />
        </button>
      </div>
    </header>
  );
}

/** Silent while all is as it should be; the transport is named once it is not the best one. */
function LinkNotice({ link }: { link: LinkState }): JSX.Element {
  let text = "";
  if (link.phase === "waiting") text = "Connection lost; trying again…";
  else if (link.phase === "open" && link.transport !== "websocket") text = `Connected by ${kTransportNames[link.transport].toLowerCase()}`;
  else if (link.phase === "stopped" && link.reason === "unauthorized") text = "Not signed in";
  else if (link.phase === "stopped" && link.reason === "forbidden") text = "Not allowed for your role";
  return <p class="link-state" role="status" data-transport={link.phase === "open" ? link.transport : ""}>{text}</p>;
}

interface WelcomeProps {
  starters: Starter[] | undefined;
  onAsk: (question: string) => void;
  children: JSX.Element;
}

function Welcome({ starters, onAsk, children }: WelcomeProps): JSX.Element {
  return (
    <div class="welcome">
      <h1>What would you like to know?</h1>
      {children}
      <ul class="starters" aria-label="Questions to start with">
        {starters === undefined
          ? [0, 1, 2, 3].map((n) => <li key={n} class="starter skeleton" aria-hidden="true" />)
          : starters.map(({ question, note }) => (
              <li key={question}>
                <button type="button" class="starter" onClick={() => onAsk(question)}>
                  <span class="starter-question">{question}</span>
                  {note && note !== question ? <span class="starter-note">{note}</span> : null}
                </button>
              </li>
            ))}
      </ul>
      <p class="keys">
        <kbd>Enter</kbd> asks <kbd>/</kbd> comes back here <kbd>↑</kbd> recalls <kbd>Esc</kbd> stops
      </p>
    </div>
  );
}
