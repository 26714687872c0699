// Builds the console into dist/: index.html at the root, everything else hashed under assets/.
// Files under assets/ never change under one name, so a server may let browsers keep them for ever.
import { build, context } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = `${root}dist`;
const watch = process.argv.includes("--watch");

const options = {
  absWorkingDir: root,
  entryPoints: { console: "src/page/main.tsx" },
  outdir: "dist/assets",
  // The 0 puts a digit into every hash, by which the daemon tells a hashed name from a plain one.
  entryNames: "[name]-0[hash]",
  chunkNames: "[name]-0[hash]",
  assetNames: "[name]-0[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox115", "safari16"],
  loader: { ".woff2": "file" },
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: !watch,
  sourcemap: watch,
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
};

/** Runs before the first paint, so it is a classic script that imports nothing. */
const theme = { ...options, entryPoints: { theme: "src/page/theme.ts" }, splitting: false, format: "iife" };

/** The hashed name that `source` was given, as the page must write it. */
function built(metafile, matches) {
  const found = Object.entries(metafile.outputs).find(([path, output]) => matches(path, output));
  if (!found) throw new Error("the build left out something that index.html needs");
  return `/${relative("dist", found[0])}`;
}

async function writeIndex(metafile, early) {
  const script = (entry, from = metafile) => built(from, (path, o) => path.endsWith(".js") && o.entryPoint === entry);
  const font = (name) => built(metafile, (path) => basename(path).startsWith(name));
  const html = (await readFile(`${root}src/index.html`, "utf8"))
    .replace("%THEME%", script("src/page/theme.ts", early))
    .replace("%CONSOLE%", script("src/page/main.tsx"))
    .replace("%STYLE%", built(metafile, (path) => /\/console-[^/]*\.css$/.test(path)))
    .replace("%FONT_TEXT%", font("inter-latin-wght-normal"))
    .replace("%FONT_DISPLAY%", font("fraunces-latin-wght-normal"));
  await writeFile(`${dist}/index.html`, html);
}

/** The client alone, one file under a lasting name, for frontends that are not this page. */
const client = {
  absWorkingDir: root,
  entryPoints: ["src/loquat-client/index.ts"],
  outfile: "dist/loquat-client.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  logLevel: "warning",
};

function report(metafile) {
  const sizes = Object.entries(metafile.outputs)
    .filter(([path]) => /\.(js|css)$/.test(path))
    .map(([path, o]) => `  ${(o.bytes / 1024).toFixed(1).padStart(7)} KiB  ${relative("dist", path)}`);
  console.log(["dist/", ...sizes].join("\n"));
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await cp(`${root}public`, dist, { recursive: true });

const { metafile: early } = await build(theme);
if (watch) {
  const index = {
    name: "index",
    setup: (b) => b.onEnd(async (r) => void (r.metafile && (await writeIndex(r.metafile, early)))),
  };
  await (await context({ ...options, plugins: [index] })).watch();
  console.log("watching; serve dist/ with: node e2e/fake-daemon.mjs");
} else {
  const { metafile } = await build(options);
  await build(client);
  await writeIndex(metafile, early);
  report(metafile);
}
