/** After the build: compress every file that the server hands out, and refuse a first page that has grown too heavy.
 *
 * The first page is index.html, its entry with everything that is loaded before something can be seen, and the language
 * that is asked for. The limit is of issue 4: 250 KB compressed.
 */

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const LIMIT = 250 * 1024;
const SMALL = 1024;
const WORTH = /\.(js|css|svg|json|html|txt)$/;

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

const packed = new Map();
for (const path of files(DIST)) {
  if (!WORTH.test(path) || path.endsWith("manifest.json")) continue;
  const bytes = readFileSync(path);
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } });
  packed.set(path.slice(DIST.length), brotli.length);
  // The page itself gets a nonce at every request, so it is sent as it is.
  if (bytes.length < SMALL || path.endsWith("index.html")) continue;
  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}

const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"));
const needed = new Set(["index.html"]);
function need(key) {
  const chunk = manifest[key];
  if (!chunk || needed.has(chunk.file)) return;
  needed.add(chunk.file);
  for (const sheet of chunk.css ?? []) needed.add(sheet);
  for (const other of chunk.imports ?? []) need(other);
}
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) need(key);
for (const key of ["src/locales/de.json", "src/app/shell.tsx", "src/pages/overview/overview.tsx"]) need(key);

const total = [...needed].reduce((sum, file) => sum + (packed.get(file) ?? 0), 0);
const said = `first page: ${(total / 1024).toFixed(0)} KB compressed of ${LIMIT / 1024} KB, ${needed.size} files`;
if (total > LIMIT) {
  console.error(`${said}: too heavy`);
  process.exit(1);
}
console.log(said);
