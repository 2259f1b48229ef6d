// SPDX-License-Identifier: Apache-2.0
// What the browser tests share: a real Chromium, people logged in by the form, checks, the closing line.
// Where the console is and who may log in stands in the file named by WHISTLE_WEB (see run.py).
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

export const where = JSON.parse(readFileSync(process.env.WHISTLE_WEB, 'utf8'));
export const PATIENCE = 15000; // ms, for what must happen but not at a certain speed

export const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
export const desk = { viewport: { width: 1440, height: 900 } };

let browser;
const tests = [];
export const test = (name, fn) => tests.push([name, fn]);

export async function run() {
    const wanted = process.argv.slice(2);
    browser = await chromium.launch({ executablePath: where.chromium, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    let good = 0;
    let bad = 0;
    for (const [name, fn] of tests) {
        if (wanted.length && !wanted.includes(name)) continue;
        const from = Date.now();
        try {
            await fn();
            good++;
            console.log(`ok   ${name} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
        } catch (error) {
            bad++;
            console.log(`FAIL ${name}\n${error.stack}`);
            for (const context of browser.contexts()) for (const page of context.pages()) console.log(`     ${page.url()}\n${(await page.locator('main').innerText().catch(() => '')).slice(0, 1500)}`);
        }
        for (const context of browser.contexts()) await context.close();
    }
    await browser.close();
    console.log(`${good} passed, ${bad} failed`);
    process.exitCode = bad ? 1 : 0;
}

export function check(yes, what) {
    if (!yes) throw new Error(what);
}

// A window of its own, as on a machine of its own. What it complains of is a fault of the test.
export async function open(options = desk, lang = 'zh') {
    const context = await browser.newContext({ baseURL: where.url, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', timezoneId: 'Asia/Shanghai', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.complaints = [];
    page.on('pageerror', (error) => page.complaints.push(error.message));
    page.on('console', (message) => {
        if (message.type() === 'error' && !/status of (4|5)\d\d|net::ERR_/.test(message.text())) page.complaints.push(message.text());
    });
    return page;
}

// Somebody at a window: `who` is a name of where.people.
export async function as(who, options, lang) {
    const page = await open(options, lang);
    await page.goto('/');
    const { login, password } = where.people[who];
    await page.locator('input[autocomplete=username]').fill(login);
    await page.locator('input[autocomplete=current-password]').fill(password);
    await page.locator('form button[type=submit]').click();
    await page.locator('.who').waitFor();
    return page;
}

// The same without looking: writes as that person, for those whose part is not what is looked at.
export async function hand(who) {
    const page = await as(who);
    return async (path, body = {}) => {
        const said = await page.evaluate(async ([to, what]) => {
            const { csrf_token: token } = await (await fetch('/api/v1/session')).json();
            const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': token };
            const answer = await fetch(to, { method: 'POST', headers, body: JSON.stringify(what) });
            return [answer.status, await answer.text()];
        }, [path, body]);
        check(said[0] < 300, `${who} ${path}: ${said}`);
        return JSON.parse(said[1]);
    };
}

export const button = (page, name) => page.getByRole('button', { name, exact: true });

// A whistle by the form, as a street or community does it. Returns its number.
export async function raise(page, { category, community, address, title, text, answers = {} }) {
    await page.goto('/raise');
    await page.locator('.category button', { hasText: category }).first().click();
    const place = page.getByRole('region', { name: '在哪里' });
    if (community) await place.getByLabel('社区(村)').selectOption({ label: community });
    await place.getByLabel('地址或地标').fill(address);
    await page.getByLabel('一句话标题').fill(title);
    if (text) await page.getByLabel('详细情况').fill(text);
    for (const [question, answer] of Object.entries(answers)) await page.getByRole('group', { name: question }).getByText(answer, { exact: true }).click();
    return page;
}

export async function sendRaise(page) {
    await page.locator('.send button[type=submit]').click();
    const link = page.getByRole('link', { name: '查看办理情况' });
    await link.waitFor();
    return (await link.getAttribute('href')).split('/').pop();
}

export const department = (page, code) => page.locator(`li.department[data-department=${code}]`);
