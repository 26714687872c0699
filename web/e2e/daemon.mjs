// The built daemon on a free port, in a folder of its own, on the demo's settings.
import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const kStartMs = 60_000;

export async function startDaemon(binary) {
  const folder = await mkdtemp(join(tmpdir(), "loquat-web-"));
  const log = join(folder, "daemon.log");
  const kept = Object.entries(process.env).filter(([name]) => !/^(LOQUAT|KAFKA|JWT)_/.test(name));
  const output = openSync(log, "a");
  const daemon = spawn(binary, ["--config", "config/demo.yaml"], {
    cwd: root,
    stdio: ["ignore", output, output],
    env: {
      ...Object.fromEntries(kept),
      LOQUAT_VAR_DIR: folder,
      LOQUAT_HTTP__PORT: "0",
      LOQUAT_HTTP__WEB_ROOT: join(root, "web/dist"),
    },
  });
  let failure;
  daemon.on("error", (error) => (failure = error));
  const ended = new Promise((resolve) => daemon.on("exit", resolve));
  const close = async () => {
    if (daemon.exitCode === null && daemon.kill("SIGTERM")) await ended;
    await rm(folder, { recursive: true, force: true });
  };

  const port = join(folder, "loquat.port");
  const end = Date.now() + kStartMs;
  while (Date.now() < end && daemon.exitCode === null && !failure) {
    const url = existsSync(port) ? `http://127.0.0.1:${readFileSync(port, "utf8").trim()}` : undefined;
    const ready = url && (await fetch(`${url}/health/ready`).then((r) => r.ok, () => false));
    if (ready) return { url, close };
    await pause(50);
  }
  const said = readFileSync(log, "utf8").slice(-3000);
  daemon.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
  throw failure ?? new Error(`the daemon did not become ready; its log:\n${said}`);
}
