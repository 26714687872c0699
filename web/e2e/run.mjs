// The console in a real browser, against a running daemon:
//
//   npm run e2e -- --url http://127.0.0.1:8000     against a daemon that runs
//   LOQUAT_BINARY=build/release/loquat npm run e2e   starts that daemon on the demo's settings
//   npm run e2e                                      against e2e/fake-daemon.mjs
//
// --only WORD runs the cases whose name has it.
// Screenshots go to $LOQUAT_E2E_OUT (default e2e/out). Any console error, exception or CSP violation is a failure.
import { strict as assert } from "node:assert";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser, openPage } from "./browser.mjs";
import { startDaemon } from "./daemon.mjs";
import { startFake } from "./fake-daemon.mjs";

const flag = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const only = flag("--only");
const out = process.env.LOQUAT_E2E_OUT ?? fileURLToPath(new URL("./out", import.meta.url));
await mkdir(out, { recursive: true });

async function peer() {
  const url = flag("--url");
  if (url) return { url: url.replace(/\/+$/, ""), close: () => {} };
  const binary = process.env.LOQUAT_BINARY;
  if (binary) return startDaemon(resolve(process.env.INIT_CWD ?? ".", binary));
  return { ...(await startFake({ pace: 30 })), isFake: true };
}
const daemon = await peer();
const { url } = daemon;
const browser = await openBrowser();
const shoot = (page, name) => page.screenshot({ path: `${out}/${name}.png` });

/** Questions made of the served model's own words, as a reader of the metric list would ask them. */
async function questions() {
  const get = async (path) => (await (await fetch(url + path)).json()).data;
  const list = (data, name) => (Array.isArray(data) ? data : (data[name] ?? data.items));
  const metrics = list(await get("/api/v1/semantic/metrics"), "metrics");
  assert.ok(metrics.length > 0, "the daemon serves no metrics");
  const plain = metrics.filter((m) => m.type === "simple" || !m.type);
  const label = (metric) => metric.label || metric.name.replaceAll("_", " ");
  const [first, second = first] = plain.length > 0 ? plain : metrics;
  return { first, byMonth: `${label(first)} by month`, total: `total ${label(first)}`, other: `${label(second)} by month` };
}
const ask = await questions();

const last = (page, inside = "") => page.locator(`.turn:last-of-type ${inside}`.trim());

async function answered(page) {
  await page.locator(".turn:last-of-type.is-done").waitFor();
}

async function typeAndAsk(page, question) {
  const box = page.getByRole("textbox", { name: "Your question" });
  await box.fill(question);
  await box.press("Enter");
  await page.getByRole("heading", { name: question, exact: true }).last().waitFor();
}

async function seesWholeAnswer(page) {
  await answered(page);
  const words = await last(page, ".prose").innerText();
  assert.ok(words.trim().length > 10, `an answer in words, got: ${words}`);
  await last(page, ".chart-place[data-drawn] svg").waitFor();
  assert.ok((await last(page, ".chart-place svg path").count()) > 0, "the chart has marks");
  assert.ok((await last(page, "tbody tr").count()) > 1, "the table has rows");
}

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Names, roles, contrast and the rest, by the rules of axe-core. */
async function isAccessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const told = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ""}`).join("\n  ")}`);
  assert.deepEqual(told, [], where);
}

const cases = {
  async "answers a question with words, chart, table, SQL and provenance"() {
    const { page, ...rest } = await openPage(browser, url);
    await page.locator("button.starter").first().waitFor();
    await shoot(page, "welcome-light");
    await typeAndAsk(page, ask.byMonth);
    await seesWholeAnswer(page);
    await shoot(page, "answer-light");
    await last(page, "[data-tab=sql]").click();
    assert.match(await last(page, ".sql").innerText(), /select/i);
    await shoot(page, "sql-light");
    await last(page, "[data-tab=how]").click();
    assert.match(await last(page, ".how").innerText(), new RegExp(ask.first.name));
    await shoot(page, "computed-light");
    const shift = await page.evaluate(() => window.__shift ?? 0);
    assert.ok(shift < 0.1, `the page jumped: layout shift ${shift}`);
    return rest;
  },

  async "keeps thumbs and a correction, and says so"() {
    const { page, ...rest } = await openPage(browser, url);
    await typeAndAsk(page, ask.byMonth);
    await answered(page);
    const kept = page.locator(".receipt.is-kept");
    const accepted = page.waitForResponse((r) => r.url().endsWith("/feedback/submit"));
    await last(page).getByRole("button", { name: "Good answer" }).click();
    assert.equal((await accepted).status(), 202);
    await kept.waitFor();
    await last(page).getByRole("button", { name: "Bad answer" }).click();
    await page.getByRole("button", { name: "Wrong time range" }).click();
    const down = page.waitForResponse((r) => r.request().method() === "PUT" && r.url().includes("/feedback/fb-"));
    await page.getByRole("button", { name: "Send", exact: true }).click();
    assert.equal((await down).status(), 202);
    await kept.waitFor();
    await page.reload();
    await answered(page);
    await last(page, "button[aria-pressed=true]").getByText("Bad answer").waitFor({ state: "attached" });
    await last(page).getByRole("button", { name: "Correct it" }).click();
    const box = page.getByRole("textbox", { name: "Corrected SQL" });
    await box.fill(`${await box.inputValue()}\nLIMIT 3`);
    await shoot(page, "correction-light");
    const corrected = page.waitForResponse((r) => r.url().endsWith("/feedback/correction"));
    await page.getByRole("button", { name: "Send correction" }).click();
    assert.equal((await corrected).status(), 202);
    await kept.waitFor();
    assert.match(await kept.innerText(), /correction is kept/i);
    await shoot(page, "feedback-light");
    return rest;
  },

  async "shows how good the answers are, by what they were about"() {
    const { page, ...rest } = await openPage(browser, url);
    await typeAndAsk(page, ask.total);
    await answered(page);
    await page.getByRole("button", { name: "Answer quality" }).click();
    const panel = page.getByRole("dialog", { name: "Answer quality" });
    await panel.locator("table.quality tbody tr").first().waitFor();
    await panel.getByRole("button", { name: "Day" }).click();
    await panel.getByRole("rowheader").first().waitFor();
    await shoot(page, "quality-light");
    return rest;
  },

  async "lists trusted answers, trusts the last one and takes it back"() {
    const { page, ...rest } = await openPage(browser, url);
    await typeAndAsk(page, ask.total);
    await answered(page);
    await page.getByRole("button", { name: "Taught answers" }).click();
    const panel = page.getByRole("dialog", { name: "Taught answers" });
    const put = page.waitForResponse((r) => r.url().endsWith("/api/v1/verified") && r.request().method() === "PUT");
    await panel.getByRole("button", { name: /Trust the last answer/ }).click();
    assert.ok((await put).ok());
    const item = panel.getByRole("listitem").filter({ hasText: ask.total });
    await item.waitFor();
    assert.match(await item.innerText(), /active/);
    await shoot(page, "learnt-light");
    await page.keyboard.press("Escape");
    if (!daemon.isFake) {
      await typeAndAsk(page, ask.total);
      await answered(page);
      assert.match(await last(page).innerText(), /verified answer/, "the same question says that it is trusted");
      await shoot(page, "trusted-light");
    }
    await page.getByRole("button", { name: "Taught answers" }).click();
    await item.getByRole("button", { name: /No longer trust/ }).click();
    await item.waitFor({ state: "detached" });
    await panel.getByRole("button", { name: "Learned from corrections" }).click();
    await panel.getByText(/Nothing was learned yet|version/).first().waitFor();
    return rest;
  },

  async "shows every integration's health"() {
    const { page, ...rest } = await openPage(browser, url);
    await page.getByRole("button", { name: /System health/ }).click();
    const body = await (await fetch(`${url}/health`)).json();
    const names = Object.keys((body.integrations ? body : body.data).integrations);
    await page.locator(".health-item").first().waitFor();
    assert.equal(await page.locator(".health-item").count(), names.length);
    await page.getByRole("region", { name: "Model" }).getByText(/\d metrics/).waitFor();
    await shoot(page, "health-light");
    await page.keyboard.press("Escape");
    await page.locator("dialog.drawer.is-right[open]").waitFor({ state: "detached" }).catch(() => {});
    assert.equal(await page.locator("dialog[open]").count(), 0);
    return rest;
  },

  async "changes to dark, chart included, and stays so after a reload that brings the conversation back"() {
    const { page, ...rest } = await openPage(browser, url);
    await typeAndAsk(page, ask.byMonth);
    await seesWholeAnswer(page);
    const ink = () => last(page, ".chart-place svg").evaluate((svg) => svg.innerHTML);
    const before = await ink();
    await page.getByRole("button", { name: "Use the dark theme" }).click();
    await page.waitForFunction((was) => {
      const place = document.querySelector(".turn:last-of-type .chart-place[data-drawn] svg");
      return place && place.innerHTML !== was;
    }, before);
    await shoot(page, "answer-dark");
    await page.reload();
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    await page.getByRole("heading", { name: ask.byMonth, exact: true }).waitFor();
    await seesWholeAnswer(page);
    await page.getByRole("button", { name: "New conversation" }).first().click();
    await page.locator("button.starter").first().waitFor();
    await shoot(page, "welcome-dark");
    return rest;
  },

  async "can be used with the keyboard alone"() {
    const { page, ...rest } = await openPage(browser, url);
    await page.locator("button.starter").first().waitFor();
    await page.keyboard.type(ask.byMonth);
    await page.keyboard.press("Enter");
    await seesWholeAnswer(page);
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press("/");
    await page.keyboard.press("ArrowUp");
    assert.equal(await page.getByRole("textbox", { name: "Your question" }).inputValue(), ask.byMonth);
    await last(page, "[data-tab=table]").focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await last(page, "[data-tab=sql]").getAttribute("aria-selected"), "true");
    await page.keyboard.press("ArrowLeft");
    const number = last(page, "th.is-number").first();
    await number.getByRole("button").focus();
    await page.keyboard.press("Enter");
    assert.equal(await number.getAttribute("aria-sort"), "descending");
    return rest;
  },

  async "begins with a question made of the served metrics"() {
    const { page, ...rest } = await openPage(browser, url);
    const starter = page.locator("button.starter").first();
    const question = await starter.locator(".starter-question").innerText();
    await starter.click();
    await page.getByRole("heading", { name: question, exact: true }).waitFor();
    await answered(page);
    await last(page, "tbody tr").first().waitFor();
    return rest;
  },

  async "a single figure is shown large"() {
    const { page, ...rest } = await openPage(browser, url);
    await typeAndAsk(page, ask.total);
    await answered(page);
    assert.match(await last(page, ".figure-value").innerText(), /\d/);
    await shoot(page, "figure-light");
    return rest;
  },

  async "without WebSocket the answer comes by server-sent events"() {
    const { page, ...rest } = await openPage(browser, url, {
      before: (p) => p.routeWebSocket(/\/ws\/chat\//, (ws) => ws.close({ code: 1008 })),
    });
    await typeAndAsk(page, ask.byMonth);
    await seesWholeAnswer(page);
    await page.locator(".link-state[data-transport=sse]").waitFor();
    return rest;
  },

  async "without WebSocket and SSE the answer comes by long-poll"() {
    const { page, complaints, ...rest } = await openPage(browser, url, {
      before: async (p) => {
        await p.routeWebSocket(/\/ws\/chat\//, (ws) => ws.close({ code: 1008 }));
        await p.route("**/api/v1/agents/stream/**", (route) => route.abort());
      },
    });
    await typeAndAsk(page, ask.byMonth);
    await seesWholeAnswer(page);
    await page.locator(".link-state[data-transport=poll]").waitFor();
    // The browser itself reports the requests that this test shut the door on.
    return { ...rest, complaints: complaints.filter((c) => !c.includes("/api/v1/agents/stream/")) };
  },

  async "a connection lost in the middle of an answer loses, doubles and reorders nothing"() {
    let cut = 0;
    const { page, ...rest } = await openPage(browser, url, {
      before: (p) =>
        p.routeWebSocket(/\/ws\/chat\//, (ws) => {
          const server = ws.connectToServer();
          server.onMessage((text) => {
            // Every connection is cut at its third entry, until the answer is through.
            const { seq, type } = JSON.parse(text);
            ws.send(text);
            if (seq !== undefined && type !== "complete" && seq % 3 === 0 && cut < 4) {
              cut += 1;
              ws.close({ code: 4408 });
              server.close();
            }
          });
        }),
    });
    await typeAndAsk(page, ask.byMonth);
    await seesWholeAnswer(page);
    assert.ok(cut > 0, "the connection was never cut");
    assert.equal(await page.locator(".turn").count(), 1);
    return rest;
  },

  async "asks for a token where the daemon wants one, and uses it on every transport"() {
    const guarded = await startFake({ pace: 10, token: "head.body.sign" });
    const { page, complaints, ...rest } = await openPage(browser, guarded.url);
    const field = page.getByLabel("Access token");
    await field.fill("head.body.sign");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator("button.starter").first().waitFor();
    const protocols = page.waitForEvent("websocket");
    await typeAndAsk(page, "Ticket sales by month");
    await seesWholeAnswer(page);
    assert.ok(!(await protocols).url().includes("head.body.sign"), "no token stands in a URL");
    await page.locator(".link-state[data-transport=websocket]").waitFor({ state: "attached" });
    await guarded.close();
    // The refusals that led to the question are the browser's to report.
    return { ...rest, complaints: complaints.filter((c) => !c.includes("401")) };
  },

  async "is accessible in both themes"() {
    const { page, ...rest } = await openPage(browser, url);
    await page.locator("button.starter").first().waitFor();
    await isAccessible(page, "welcome");
    await typeAndAsk(page, ask.byMonth);
    await seesWholeAnswer(page);
    for (const theme of ["light", "dark"]) {
      for (const tab of ["sql", "how", "table"]) {
        await last(page, `[data-tab=${tab}]`).click();
        await isAccessible(page, `answer, ${tab}, ${theme}`);
      }
      await last(page).getByRole("button", { name: "Bad answer" }).click();
      await isAccessible(page, `reasons, ${theme}`);
      await page.getByRole("button", { name: "Not now" }).click();
      await page.getByRole("button", { name: /System health/ }).click();
      await page.locator(".health-item").first().waitFor();
      await isAccessible(page, `health, ${theme}`);
      await page.keyboard.press("Escape");
      if (theme === "light") await page.getByRole("button", { name: "Use the dark theme" }).click();
    }
    return rest;
  },

  async "fits a telephone"() {
    const { page, ...rest } = await openPage(browser, url, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await typeAndAsk(page, ask.byMonth);
    await seesWholeAnswer(page);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wider <= 0, `the page is ${wider}px wider than the screen`);
    await shoot(page, "telephone-light");
    return rest;
  },
};

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  if (only && !name.includes(only)) continue;
  try {
    const { complaints, context } = await run();
    assert.deepEqual(complaints, [], "the console stayed clean");
    await context.close();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${String(error.stack ?? error).replace(/^/gm, "        ")}`);
    for (const [at, page] of browser.contexts().flatMap((c) => c.pages()).entries()) {
      await page.screenshot({ path: `${out}/failed-${failed}-${at}.png` }).catch(() => {});
    }
    await Promise.all(browser.contexts().map((context) => context.close()));
  }
}
await browser.close();
await daemon.close();
console.log(failed ? `${failed} failed` : `all passed; screenshots in ${out}`);
process.exit(failed ? 1 : 0);
