// SPDX-License-Identifier: Apache-2.0
// Every page of every role, both languages, phone and desk, light and dark: no violation that axe can
// find, nothing wider than the screen, nothing said on the console, no word left untranslated.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { as, check, desk, open, phone, run, test, where } from './browser.mjs';
import { PUBLIC, VISITS } from './visits.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function look(page, path, said) {
    await page.goto(path);
    await page.locator('main h1').waitFor();
    await page.locator('main .loading').first().waitFor({ state: 'detached' });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    for (const v of violations) said.push(`${path} ${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' … ')}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) said.push(`${path} is ${wide} px wider than the screen`);
    const raw = (await page.locator('body').innerText()).match(/\b(?:whistle|task|raise|home|form|next|act|nav|num|health)\.[a-z_.]+\b/g);
    if (raw) said.push(`${path} shows ${raw.join(' ')}`);
    said.push(...page.complaints.splice(0).map((c) => `${path}: ${c}`));
}

for (const [who, paths] of Object.entries(VISITS))
    test(`pages of ${who}`, async () => {
        const said = [];
        for (const [options, lang] of [[{ ...desk, colorScheme: 'light' }, 'zh'], [{ ...phone, colorScheme: 'dark' }, 'en']]) {
            const page = await as(who, options, lang);
            for (const path of paths(where)) await look(page, path, said);
            await page.context().close();
        }
        check(said.length === 0, said.join('\n'));
    });

test('pages without login', async () => {
    const said = [];
    for (const [options, lang] of [[{ ...phone, colorScheme: 'light' }, 'zh'], [{ ...desk, colorScheme: 'dark' }, 'en']]) {
        const page = await open(options, lang);
        for (const path of PUBLIC(where)) await look(page, path, said);
        await page.context().close();
    }
    check(said.length === 0, said.join('\n'));
});

test('files: hashed ones for ever, the page anew, nothing inline, nothing from elsewhere', async () => {
    const page = await fetch(`${where.url}/whistles/AL-1`);
    const html = await page.text();
    check(page.headers.get('cache-control') === 'no-cache' && page.headers.get('content-encoding') === 'gzip', 'the page is kept, or not packed');
    const policy = page.headers.get('content-security-policy');
    check(/default-src 'none'/.test(policy) && !/unsafe|https?:|\*/.test(policy), `policy ${policy}`);
    check(!/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/i.test(html), 'something inline');
    const again = await fetch(`${where.url}/`, { cache: 'no-store', headers: { 'If-None-Match': page.headers.get('etag') } });
    check(again.status === 304, `the same page again: ${again.status}`);
    const names = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((m) => m[1]);
    check(names.length >= 3, `only ${names}`);
    for (const name of names) {
        const asset = await fetch(where.url + name);
        check(asset.ok && /immutable/.test(asset.headers.get('cache-control')), `${name}: ${asset.status}`);
        check(!/\bhttps?:\/\/(?!www\.w3\.org)/.test(await asset.text()), `${name} names another server`);
    }
    for (const path of ['/assets/none.js', '/x.php', '/api/v1/nothing']) check((await fetch(where.url + path)).status === 404, `${path} is there`);
});

test('keyboard only: skip link, form, dialog and back', async () => {
    const page = await as('street');
    await page.locator('main h1').waitFor();
    check(await page.evaluate(() => document.activeElement.tagName) === 'H1', 'after the login focus is not at the page\'s name');
    await page.goto('/');
    await page.locator('main h1').waitFor();
    await page.keyboard.press('Tab');
    check(await page.evaluate(() => document.activeElement.className) === 'skip', 'the first stop is not the skip link');
    await page.keyboard.press('Enter');
    check(await page.evaluate(() => document.activeElement.id) === 'content', 'the skip link leads nowhere');
    await page.goto(`/whistles/${where.samples.running}`);
    const add = page.getByRole('button', { name: '增派部门' });
    await add.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    check(await add.evaluate((b) => b === document.activeElement), 'focus does not come back');
});

test('200 % zoom: nothing is cut off', async () => {
    const page = await as('street', { viewport: { width: 640, height: 400 } });
    for (const path of ['/', '/raise', `/whistles/${where.samples.running}`]) {
        await page.goto(path);
        await page.locator('main h1').waitFor();
        check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} must be scrolled sideways`);
    }
});

test('interactive within 2 s on a processor four times slower', async () => {
    const page = await open(phone);
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    const from = Date.now();
    await page.goto('/', { waitUntil: 'commit' });
    await page.locator('form button[type=submit]').waitFor();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));
    const took = Date.now() - from;
    console.log(`     first page interactive after ${took} ms at a quarter of the speed`);
    check(took < 2000, `${took} ms`);
});

await run();
