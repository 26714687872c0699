import { startFake } from "/work/main/web/e2e/fake-daemon.mjs";
import { openBrowser, openPage } from "/work/main/web/e2e/browser.mjs";
const fake = await startFake({ pace: 40 });
const b = await openBrowser();
const theme = process.argv[2] ?? "light";
const { page, complaints } = await openPage(b, fake.url, { colorScheme: theme, deviceScaleFactor: 1 });
try {
await page.waitForSelector("button.starter");
await page.screenshot({ path: `/tmp/s-${theme}-0.png` });
await page.click("button.starter >> nth=0");
await page.waitForSelector(".working"); await page.waitForSelector(".interpretation");
await page.screenshot({ path: `/tmp/s-${theme}-1.png` });
await page.waitForSelector(".chart-place[data-drawn] svg");
await page.screenshot({ path: `/tmp/s-${theme}-2.png` });
await page.click('[data-tab=sql]');
await page.screenshot({ path: `/tmp/s-${theme}-3.png`, fullPage: true });
await page.click('[data-tab=how]');
await page.click('.pill');
await page.waitForSelector(".health-item");
await page.screenshot({ path: `/tmp/s-${theme}-4.png` });
} finally { console.log(complaints, await page.evaluate(() => window.__shift)); }
await b.close(); await fake.close();
