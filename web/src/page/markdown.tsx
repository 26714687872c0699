// The little markdown that answers use, made into elements and never into HTML text: nothing to inject.
import type { ComponentChildren, JSX } from "preact";

const kInline = /\*\*([^*]+)\*\*|__([^_]+)__|`([^`]+)`|\*([^*\s][^*]*)\*/g;

function inline(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const match of text.matchAll(kInline)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    const [whole, strong, strong2, code, em] = match;
    if (strong ?? strong2) parts.push(<strong>{strong ?? strong2}</strong>);
    else if (code) parts.push(<code>{code}</code>);
    else parts.push(<em>{em}</em>);
    at = match.index + whole.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

type Block = { kind: "p" | "ul" | "ol" | "h"; lines: string[] };

function blocks(source: string): Block[] {
  const found: Block[] = [];
  let open: Block | undefined;
  const into = (kind: Block["kind"], line: string) => {
    if (open?.kind !== kind) found.push((open = { kind, lines: [] }));
    open.lines.push(line);
  };
  for (const line of source.split("\n")) {
    const item = /^\s*(?:([-*+])|\d+[.)])\s+(.*)$/.exec(line);
    const head = /^#{1,6}\s+(.*)$/.exec(line);
    if (line.trim() === "") open = undefined;
    else if (head) into("h", head[1] ?? "");
    else if (item) into(item[1] ? "ul" : "ol", item[2] ?? "");
    else into("p", line);
  }
  return found;
}

export function Markdown({ source }: { source: string }): JSX.Element {
  return (
    <div class="prose">
      {blocks(source).map((block) => {
        if (block.kind === "ul") return <ul>{block.lines.map((line) => <li>{inline(line)}</li>)}</ul>;
        if (block.kind === "ol") return <ol>{block.lines.map((line) => <li>{inline(line)}</li>)}</ol>;
        if (block.kind === "h") return <h4>{inline(block.lines.join(" "))}</h4>;
        return <p>{inline(block.lines.join(" "))}</p>;
      })}
    </div>
  );
}
