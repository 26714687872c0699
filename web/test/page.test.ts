import assert from "node:assert/strict";
import { test } from "node:test";
import { SseParser, type Entry } from "../src/loquat-client/index.ts";
import { heightOf, toValues } from "../src/chart/values.ts";
import { cellFormatter, formatDate, toCsv, wallClock } from "../src/page/format.ts";
import { questionOf, starters } from "../src/page/starters.ts";
import { expectedShape, foldLog, newTurn, rowsOf, type Turn } from "../src/page/turn.ts";

const play = (entries: object[], turns: Turn[] = []) =>
  entries.reduce<Turn[]>((now, e, at) => foldLog(now, { seq: at + 1, message_id: "m1", ...e } as Entry), turns);

test("an answer is folded from its entries, the rows from the chunks and the rest from complete", () => {
  const columns = [{ name: "a" }, { name: "b" }];
  const [turn] = play(
    [
      { type: "message", content: "q", role: "user", client_id: "c1" },
      { type: "interpretation", text: "read as", query: { metrics: ["b"], group_by: ["a"] }, confidence: 0.9 },
      { type: "data", columns, rows: [["x", 1]], chunk: 0, last: false },
      { type: "data", columns, rows: [["y", 2]], chunk: 1, last: true },
      { type: "text", content: "one " },
      { type: "text", content: "two" },
      { type: "complete", status: "complete", answer: { response_id: "r1", sql: "SELECT 1", data: { columns, row_count: 2 } } },
    ],
    [newTurn("c1", "q")],
  );
  assert.ok(turn);
  assert.equal(turn.phase, "done");
  assert.equal(turn.text, "one two");
  assert.equal(turn.sql, "SELECT 1");
  assert.deepEqual(turn.rows, [["x", 1], ["y", 2]]);
  assert.equal(turn.answer?.response_id, "r1");
});

test("the same log read again from its start gives the same turns", () => {
  const log = [
    { type: "message", content: "q", role: "user" },
    { type: "text", content: "answer" },
    { type: "complete", status: "complete", answer: { response_id: "r1", response: "answer" } },
  ];
  const once = play(log);
  assert.equal(once.length, 1);
  assert.equal(once[0]?.text, "answer");
});

test("entries of two questions do not mix", () => {
  const turns = play([
    { type: "message", content: "one", role: "user" },
    { type: "message", content: "two", role: "user", message_id: "m2" },
    { type: "text", content: "for two", message_id: "m2" },
    { type: "text", content: "for one" },
    { type: "text", content: "for nobody", message_id: "m9" },
  ]);
  assert.deepEqual(turns.map((turn) => turn.text), ["for one", "for two"]);
});

test("the place for a chart is kept as soon as the query groups by something", () => {
  const begin = { type: "message", content: "q", role: "user" };
  const of = (query: object) => expectedShape(play([begin, { type: "interpretation", text: "", query }])[0] as Turn);
  assert.equal(of({ group_by: ["metric_time__month"] }), "chart");
  assert.equal(of({ group_by: [] }), "number");
});

test("rows that begin anew replace those that came before", () => {
  const begin = { type: "message", content: "q", role: "user" };
  const first = { type: "data", columns: [{ name: "a" }], rows: [["x"]], chunk: 0, last: true };
  assert.deepEqual(play([begin, first, first])[0]?.rows, [["x"]]);
});

test("rows may come as arrays or as objects", () => {
  assert.deepEqual(rowsOf([["x", 1], { b: 2, a: "y" }, { a: "z" }], [{ name: "a" }, { name: "b" }]), [["x", 1], ["y", 2], ["z", null]]);
});

test("a month is the same month in every time zone", () => {
  assert.equal(wallClock("2024-01-01T00:00:00.000Z")?.getMonth(), 0);
  assert.equal(wallClock("2024-01-01")?.getFullYear(), 2024);
  assert.equal(formatDate("2024-04-01", "quarter"), "Q2 2024");
  assert.equal(wallClock("no date"), undefined);
});

test("a chart's times are wall-clock dates where it draws time, and names where it draws bars", () => {
  const columns = [{ name: "metric_time__year", type: "timestamp", role: "time" }, { name: "n", type: "integer" }];
  const rows = [["2024-01-01T00:00:00", 3]];
  const spec = (type: string) => ({ encoding: { x: { field: "metric_time__year", type } } });
  assert.deepEqual(toValues(spec("temporal"), columns, rows), [{ metric_time__year: new Date(2024, 0, 1), n: 3 }]);
  assert.deepEqual(toValues(spec("ordinal"), columns, rows), [{ metric_time__year: "2024", n: 3 }]);
});

test("horizontal bars get room for each name", () => {
  assert.equal(heightOf({ encoding: { y: { type: "quantitative" } } }, 60), 300);
  assert.ok(heightOf({ encoding: { y: { type: "nominal" } } }, 60) > 60 * 20);
});

test("one column of numbers has one form", () => {
  const column = { name: "revenue", type: "decimal", role: "metric" };
  const format = cellFormatter(column, [[1.5], [2]], 0);
  assert.equal(format(2).replace(",", "."), "2.00");
  assert.equal(format(null), "–");
});

test("a cell cannot become a spreadsheet's formula", () => {
  assert.equal(toCsv([{ name: "a" }, { name: "n" }], [['=HYPERLINK("x")', -5]]), 'a,n\r\n"\'=HYPERLINK(""x"")",-5');
});

test("starters use the model's words, suggestions first, none twice", () => {
  const metrics = [
    { name: "ratio_x", type: "ratio", label: "Ratio X", description: "d" },
    { name: "sum_y", type: "simple", label: "Sum Y", description: "d" },
    { name: "sum_z", type: "simple", label: "Sum Z", description: "d" },
  ];
  const dims = [{ name: "metric_time", type: "time" }, { name: "thing__colour", type: "categorical" }];
  const found = starters(metrics, new Map(metrics.map((m) => [m.name, dims])), [
    { content: "See Z", action: { type: "ask", payload: { message: "Sum Z by colour" } } },
  ]);
  assert.deepEqual(found.map((s) => s.question), ["Sum Z by colour", "Sum Y by month", "Ratio X by month"]);
  assert.equal(found[0]?.note, "d");
});

test("a suggestion without a question in its action is no question", () => {
  assert.equal(questionOf({ content: "Look out", action: { type: "open", payload: { url: "/x" } } }), undefined);
  assert.equal(questionOf({ content: "Ask me" }), "Ask me");
});

test("SSE is read the same however the network cuts it", () => {
  const text = `id: 7\r\nevent: text\r\ndata: {"a":\r\ndata: 1}\r\n\r\n:beat\r\n\r\n`;
  for (let cut = 1; cut < text.length; ++cut) {
    const parser = new SseParser();
    const events = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
    assert.deepEqual(events, [{ id: "7", data: '{"a":\n1}' }, {}], `cut at ${cut}`);
  }
});
