// SPDX-License-Identifier: Apache-2.0
// People at their windows: the journey of sample whistle 1 across four people, of whistle 2 which is the
// same matter, a refusal and its ruling, a phone that loses its signal. Everything by what they see and click.
import { as, button, check, department, hand, phone, raise, run, sendRaise, test } from './browser.mjs';

const GAS = {
    category: '燃气泄漏', community: '槐荫里社区', address: '槐荫里小区3号楼1单元', title: '3号楼楼道有浓烈燃气味',
    text: '居民反映3号楼1单元楼道燃气味很重,已疏散约40人,楼内有两位行动不便老人,请立即到场关阀检测。',
    answers: { '气味在户内还是楼道 必填': '楼道' },
};
const LIVE = 1000; // ms until a check-in on a phone stands in the street's table

async function signAndArrive(page, id) {
    await page.goto(`/tasks/${id}`);
    await button(page, '签收').click();
    await button(page, '我已到场').waitFor();
}

// Sample 2: somebody else hears of the same matter, sees it while typing, and says so with one click.
async function meToo(number) {
    const other = await as('street');
    await raise(other, { category: '燃气泄漏', community: '槐荫里社区', address: '槐荫里3号楼', title: '槐荫里3号楼煤气味', text: '闻到煤气味,楼下已经有人在疏散了。' });
    const match = other.locator('.already .likeness', { hasText: number });
    await match.waitFor();
    await button(match, '就是这件事,并入').click();
    await other.getByRole('link', { name: '查看办理情况' }).click();
    check(other.url().endsWith(number), `joined into ${other.url()}, not ${number}`);
    await other.getByText('1 人也反映').first().waitFor();
    await button(other, '查看').click();
    await button(other, '拆出').waitFor();
}

test('samples 1 and 2: four people in four windows, and a fifth who reports the same', async () => {
    const street = await as('street');
    await raise(street, GAS);
    check(await street.getByText('先保安全').isVisible(), 'no advice for a gas leak');
    const number = await sendRaise(street);
    await street.goto(`/whistles/${number}`);
    for (const code of ['GASCO', 'FIRE', 'POLICE', 'URBAN', 'EMERG']) await department(street, code).waitFor();
    await street.locator('.next-box .countdown').waitFor(); // what happens next is also said with its time

    const community = await as('community');
    await community.getByText(GAS.title).first().waitFor();

    const gas = await as('gas', phone);
    await gas.getByText(GAS.title).first().waitFor();
    await signAndArrive(gas, `${number}-GASCO`);
    await department(street, 'GASCO').getByText('已签收').first().waitFor();
    await street.evaluate(() => {
        const row = document.querySelector('[data-department=GASCO]');
        new MutationObserver(() => {
            if (/已报到/.test(document.querySelector('[data-department=GASCO]').innerText)) window.arrived ||= Date.now();
        }).observe(row.closest('main'), { subtree: true, childList: true, characterData: true });
    });
    const tapped = Date.now();
    await button(gas, '我已到场').click();
    await department(street, 'GASCO').getByText('已报到').first().waitFor();
    const took = (await street.evaluate(() => window.arrived)) - tapped;
    console.log(`     a check-in on a phone stands in the street's table after ${took} ms`);
    check(took <= LIVE, `the check-in took ${took} ms to the street's table`);

    await meToo(number);
    await street.locator('.banner-line').getByText('1 人也反映').waitFor();

    const fire = await as('fire', phone);
    await signAndArrive(fire, `${number}-FIRE`);
    await button(fire, '我已到场').click();
    await fire.getByLabel('一句话说明').fill('已警戒,配合燃气公司检测,无人受伤。');
    await fire.getByText('已解决', { exact: true }).click();
    await button(fire, '报告结果').click();
    await fire.getByText('等待街道确认').waitFor();

    await gas.getByText('已解决', { exact: true }).click();
    await gas.getByLabel('一句话说明').fill('已关阀更换接头,复测合格。');
    await button(gas, '报告结果').click();
    for (const who of ['police', 'urban', 'emerg']) {
        const act = await hand(who);
        const id = `${number}-${who.toUpperCase()}`;
        await act(`/api/v1/tasks/${id}/check-in`, { method: 'DESK' });
        await act(`/api/v1/tasks/${id}/report`, { outcome: 'SOLVED', text: '已配合处置' });
    }
    const confirm = street.locator('section[aria-labelledby=confirm]');
    await confirm.getByText('已解决', { exact: true }).click();
    await confirm.getByText('满意', { exact: true }).click();
    await button(confirm, '确认结果').click();
    await street.locator('.banner-line').getByText('已解决').waitFor();
    await community.goto(`/whistles/${number}`);
    await community.locator('.banner-line').getByText('已解决').waitFor();
    for (const page of [street, community, gas, fire]) check(page.complaints.length === 0, page.complaints.join('\n'));
});

test('a refusal is seen, ruled and binds', async () => {
    const street = await as('street');
    await raise(street, { category: '路面塌陷', community: '南钟楼社区', address: '南钟楼5号院门口', title: '院门口路面塌陷' });
    const id = await sendRaise(street);
    await street.goto(`/whistles/${id}`);
    const traffic = await as('traffic', phone);
    await traffic.goto(`/tasks/${id}-TRAFFIC`);
    await button(traffic, '不属于我部门').click();
    const dialog = traffic.getByRole('dialog');
    check(await dialog.getByText('退单后时钟不停').isVisible(), 'the rule is not said');
    await dialog.getByText('权属不清').click();
    await dialog.getByLabel('依据').fill('该路段为小区内部道路');
    await dialog.getByLabel('应由哪个部门办理').selectOption('HOUSING');
    await button(dialog, '退单,并继续办理到审定').click();
    const row = department(street, 'TRAFFIC');
    await row.getByText('该路段为小区内部道路').waitFor();
    check(await row.getByText('街道不作裁决').isVisible(), 'the street is not told who decides');

    const district = await as('district');
    await district.locator('main').getByText('院门口路面塌陷').first().waitFor();
    await district.goto(`/whistles/${id}`);
    const ruling = department(district, 'TRAFFIC');
    await ruling.getByText('驳回退单').click();
    await ruling.getByLabel('审定依据').fill('市政道路管养范围图第7页');
    await button(ruling, '审定退单').click();
    await row.getByText('驳回退单').waitFor();
    await traffic.getByRole('button', { name: '我已到场' }).waitFor();
    check(await button(traffic, '不属于我部门').count() === 0, 'it can be refused again');
});

test('a phone without signal: kept, said, sent once', async () => {
    const street = await as('street');
    await raise(street, { category: '积水内涝', community: '铁狮胡同社区', address: '铁狮子胡同东口', title: '东口路面积水没过脚踝' });
    const id = await sendRaise(street);
    await street.goto(`/whistles/${id}`);
    const drain = await as('drain', phone);
    await drain.goto(`/tasks/${id}-DRAINCO`);
    await button(drain, '签收').waitFor();
    await drain.context().setOffline(true);
    await button(drain, '签收').click();
    await drain.getByText('已保存,等待送出').first().waitFor();
    check(await drain.locator('.trouble').isVisible(), 'nothing says that there is no network');
    await drain.context().setOffline(false);
    await button(drain, '我已到场').waitFor();
    await department(street, 'DRAINCO').getByText('已签收').first().waitFor();
    const history = await street.evaluate((n) => fetch(`/api/v1/whistles/${n}/history`).then((r) => r.json()), id);
    const signed = history.lines.filter((line) => line.kind === 'TaskSigned' && line.task.endsWith('DRAINCO')).length;
    check(signed === 1, `signed ${signed} times`);
    check((await drain.evaluate(() => localStorage.getItem('whistle.outbox'))) === '[]', 'something is left in the outbox');
});

test('what is typed survives a reload and an ended session', async () => {
    const street = await as('street');
    await raise(street, { category: '路灯不亮', community: '槐荫里社区', address: '槐荫里小区西门', title: '西门路灯不亮' });
    await street.reload();
    await street.getByText('已恢复上次没有提交的内容').waitFor();
    check(await street.getByLabel('一句话标题').inputValue() === '西门路灯不亮', 'the title is lost');
    await street.context().clearCookies();
    await street.locator('.send button[type=submit]').click();
    await button(street, '登录').waitFor();
    await street.locator('input[autocomplete=username]').fill('x');
    await street.goto('/raise');
    await street.locator('input[autocomplete=username]').waitFor();
});

await run();
