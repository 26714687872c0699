// A fresh Chromium with a fresh profile, and a page that remembers everything it complained about.
import { chromium } from "playwright-core";

const kFlags = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: kFlags,
    ignoreDefaultArgs: ["--headless", "--headless=old"],
    headless: true,
  });
}

export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1360, height: 900 },
    locale: "en-GB",
    timezoneId: "America/New_York",
    colorScheme: "light",
    reducedMotion: "reduce",
    deviceScaleFactor: 2,
    ...options,
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.stack ?? error}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) => console.error(`CSP refused ${e.violatedDirective}: ${e.blockedURI} ${e.sample}`));
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.__shift = (window.__shift ?? 0) + shift.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await options.before?.(page);
  await page.goto(url);
  return { page, complaints, context };
}
