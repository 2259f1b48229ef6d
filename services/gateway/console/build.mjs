// SPDX-License-Identifier: Apache-2.0
// Builds the console: node build.mjs OUT [--analyse]. Files with hashed names below OUT/assets, each with
// its gzip beside it, and one index.html without any inline code. Texts are split by language here, so
// that a browser loads one of them. Ends with 1 where the first load is over its budget.
import { build } from 'esbuild';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const HERE = dirname(fileURLToPath(import.meta.url));
const BUDGET = 60 * 1024; // bytes, gzipped: what is loaded before the first page shows

// "key | 中文 | English" a line; # and empty lines say nothing.
async function words(lang) {
    const folder = join(HERE, 'src/texts');
    const found = {};
    for (const name of (await readdir(folder)).sort())
        for (const [at, line] of (await readFile(join(folder, name), 'utf8')).split('\n').entries()) {
            if (!line.trim() || line.startsWith('#')) continue;
            const [key, zh, en, ...more] = line.split('|').map((part) => part.trim());
            if (!zh || !en || more.length) throw new Error(`${name}:${at + 1}: not "key | 中文 | English"`);
            if (key in found) throw new Error(`${name}:${at + 1}: ${key} stands twice`);
            found[key] = lang === 'zh' ? zh : en;
        }
    return found;
}

const texts = {
    name: 'texts',
    setup(b) {
        b.onResolve({ filter: /^texts:/ }, ({ path }) => ({ path: path.slice(6), namespace: 'texts' }));
        b.onLoad({ filter: /.*/, namespace: 'texts' }, async ({ path }) => ({
            contents: `export default ${JSON.stringify(await words(path))}`, loader: 'js' }));
    },
};

async function bundle() {
    return build({
        absWorkingDir: HERE, entryPoints: { console: 'src/main.jsx', style: 'src/style/index.css' },
        outdir: 'out', write: false, bundle: true, splitting: true, format: 'esm', minify: true, metafile: true,
        target: ['es2020', 'chrome87', 'firefox85', 'safari14'], charset: 'utf8', legalComments: 'none',
        entryNames: 'assets/[name]-[hash]', chunkNames: 'assets/[name]-[hash]',
        jsx: 'automatic', jsxImportSource: 'preact', plugins: [texts], logLevel: 'warning',
    });
}

// The entry and all it imports at once, by file name.
function firstOf(meta, entry) {
    const [start] = Object.entries(meta.outputs).find(([, o]) => o.entryPoint === entry);
    const seen = new Set([start]);
    for (const name of seen)
        for (const i of meta.outputs[name].imports) if (i.kind === 'import-statement') seen.add(i.path);
    return [...seen].map((name) => name.replace(/^out\//, ''));
}

const tags = (script, more, style) => `<link rel="stylesheet" href="/${style}">
${more.map((name) => `<link rel="modulepreload" href="/${name}">`).join('\n')}
<script type="module" src="/${script}"></script>`;

async function main() {
    const out = resolve(process.argv[2] || join(HERE, 'dist'));
    const { outputFiles, metafile } = await bundle();
    const files = new Map(outputFiles.map((f) => [f.path.slice(join(HERE, 'out').length + 1), Buffer.from(f.contents)]));
    const [script, ...more] = firstOf(metafile, 'src/main.jsx');
    const [style] = firstOf(metafile, 'src/style/index.css');
    const page = (await readFile(join(HERE, 'src/index.html'), 'utf8')).replace('<!-- assets -->', () => tags(script, more, style));
    files.set('index.html', Buffer.from(page));

    const fresh = `${out}.new`;
    await rm(fresh, { recursive: true, force: true });
    await mkdir(join(fresh, 'assets'), { recursive: true });
    let all = 0;
    const packed = new Map();
    for (const [name, bytes] of files) {
        const zip = gzipSync(bytes, { level: 9 });
        packed.set(name, zip.length);
        all += zip.length;
        await writeFile(join(fresh, name), bytes);
        await writeFile(join(fresh, `${name}.gz`), zip);
    }
    await rm(out, { recursive: true, force: true });
    await rename(fresh, out);

    const text = [...packed].filter(([name]) => /\/(zh|en)-/.test(name)).map(([, n]) => n);
    const first = [script, ...more, style, 'index.html'].reduce((sum, name) => sum + packed.get(name), 0) + Math.max(...text);
    if (process.argv.includes('--analyse')) for (const [name, n] of packed) console.log(`${String(n).padStart(7)} ${name}`);
    console.log(`console: first load ${first} bytes gzip of ${BUDGET}, all pages ${all}`);
    if (first > BUDGET) process.exitCode = 1;
}

await main();
