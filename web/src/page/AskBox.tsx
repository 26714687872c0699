import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface Props {
  history: readonly string[];
  running: boolean;
  draft: { text: string; stamp: number };
  onAsk: (question: string) => void;
  onCancel: () => boolean;
}

/** The one place to ask. Enter asks, Shift+Enter breaks the line, Up recalls, Esc stops, / comes here. */
export function AskBox({ history, running, draft, onAsk, onCancel }: Props): JSX.Element {
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState("");
  const recalled = useRef(-1);

  useEffect(() => {
    box.current?.focus({ preventScroll: true });
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const typing = target.closest("input, textarea, select, dialog[open]") !== null;
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        box.current?.focus();
      } else if (event.key === "Escape" && !document.querySelector("dialog[open]") && (!typing || target === box.current)) {
        if (onCancel()) event.preventDefault();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  useEffect(() => {
    if (draft.stamp === 0) return;
    setText(draft.text);
    box.current?.focus();
  }, [draft.stamp]);

  // Grows with its text; where the browser does it by itself (field-sizing) this changes nothing.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  const submit = () => {
    const question = text.trim();
    if (!question) return;
    recalled.current = -1;
    setText("");
    onAsk(question);
  };

  const recall = (event: KeyboardEvent, by: 1 | -1) => {
    const element = box.current;
    const atEdge = element !== null && element.selectionStart === element.selectionEnd && !text.includes("\n");
    const next = recalled.current + by;
    const isOurs = text === "" || recalled.current >= 0;
    if (!atEdge || !isOurs || next >= history.length || (by === -1 && recalled.current < 0)) return;
    event.preventDefault();
    recalled.current = next;
    setText(next < 0 ? "" : (history[history.length - 1 - next] ?? ""));
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp") recall(event, 1);
    else if (event.key === "ArrowDown") recall(event, -1);
  };

  return (
    <form
      class="ask"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={box}
        class="ask-text"
        rows={1}
        value={text}
        placeholder="Ask about your metrics"
        aria-label="Your question"
        aria-keyshortcuts="/"
        enterkeyhint="send"
        maxLength={4000}
        onInput={(event) => {
          recalled.current = -1;
          setText(event.currentTarget.value);
        }}
        onKeyDown={onKeyDown}
      />
      {running && text.trim() === "" ? (
        <button type="button" class="ask-go is-stop" aria-label="Stop this answer" title="Stop (Esc)" onClick={onCancel}>
          <Icon name="stop" />
        </button>
      ) : (
        <button type="submit" class="ask-go" aria-label="Ask" title="Ask (Enter)" disabled={text.trim() === ""}>
          <Icon name="arrow" />
        </button>
      )}
    </form>
  );
}
