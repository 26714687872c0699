import type { ComponentChildren, JSX } from "preact";

const kWords = new Set(
  ("select from where group by order having limit offset join left right full inner outer cross on using as and or not in is " +
    "null case when then else end with union all distinct over partition between like asc desc true false interval cast " +
    "filter exists rows range preceding following unbounded current row qualify lateral values date timestamp nulls first last")
    .split(" "),
);

const kToken = /(--[^\n]*|\/\*[\s\S]*?\*\/)|('(?:[^']|'')*')|("(?:[^"]|"")*")|(\b\d+(?:\.\d+)?\b)|([A-Za-z_][A-Za-z0-9_]*)/g;

/** SQL with its words, strings and numbers told apart; enough to read it by. */
export function SqlText({ sql }: { sql: string }): JSX.Element {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const match of sql.matchAll(kToken)) {
    if (match.index > at) parts.push(sql.slice(at, match.index));
    const [text, comment, string, , number, word] = match;
    const kind = comment ? "comment" : string ? "string" : number ? "number" : word ? wordKind(sql, match, word) : "";
    parts.push(kind ? <span class={`sql-${kind}`}>{text}</span> : text);
    at = match.index + text.length;
  }
  parts.push(sql.slice(at));
  return <code>{parts}</code>;
}

function wordKind(sql: string, match: RegExpExecArray, word: string): string {
  if (kWords.has(word.toLowerCase())) return "word";
  return sql[match.index + word.length] === "(" ? "call" : "";
}
