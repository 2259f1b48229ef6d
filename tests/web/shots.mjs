// SPDX-License-Identifier: Apache-2.0
// Pictures of every page at 360 and 1440 pixels, in both languages, for anybody to look at.
import { mkdirSync } from 'node:fs';
import { as, desk, open, phone, run, test, where } from './browser.mjs';
import { PUBLIC, VISITS } from './visits.mjs';

const OUT = process.env.WHISTLE_SHOTS || 'screenshots';
mkdirSync(OUT, { recursive: true });

async function shoot(page, who, paths, size, lang) {
    for (const path of paths) {
        await page.goto(path);
        await page.locator('main h1').waitFor();
        await page.waitForTimeout(400);
        // What stays at the window's lower edge belongs to the end of the whole page.
        await page.evaluate(() => document.querySelectorAll('.send').forEach((e) => (e.style.position = 'static')));
        await page.screenshot({ path: `${OUT}/${who}${path.replace(/\W+/g, '-').replace(/-$/, '')}-${size}-${lang}.png`, fullPage: true });
    }
}

for (const lang of (process.env.WHISTLE_SHOTS_LANG || 'zh,en').split(','))
    for (const [size, options] of [[1440, desk], [360, phone]]) {
        for (const [who, paths] of Object.entries(VISITS))
            test(`${who} ${size} ${lang}`, async () => shoot(await as(who, options, lang), who, paths(where), size, lang));
        test(`nobody ${size} ${lang}`, async () => shoot(await open(options, lang), 'nobody', PUBLIC(where), size, lang));
    }

await run();
