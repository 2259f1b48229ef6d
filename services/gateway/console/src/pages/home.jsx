// SPDX-License-Identifier: Apache-2.0
// The first page of a post: its numbers, then what needs it now, sorted by due time, then what runs.
import { word, t } from '../lib/i18n.js';
import { useList } from '../lib/lists.js';
import { useResource } from '../lib/resource.js';
import { nameOf, session, side } from '../lib/store.js';
import { ActState, Button, Head, Loaded, Note, useAct } from '../parts/controls.jsx';
import { byDue, Numbers, TaskRow, WhistleRow } from '../parts/matters.jsx';

const ENDED = ['RESOLVED', 'CLOSED', 'CANCELLED', 'RULED_CLOSED', 'MERGED'];
const isOpen = (w) => !ENDED.includes(w.state);

// What is whose: a whistle needs my post when its own next step is mine, or one of its tasks' is.
export function needsMe(w, me) {
    const mine = (next) => next?.by === me && next.action !== 'NONE';
    return isOpen(w) && (mine(w.next) || w.unreviewed || (w.tasks || []).some((task) => mine(task.next)));
}

function mineOf(w, me) {
    const step = (w.tasks || []).find((task) => task.next?.by === me && task.next.action !== 'NONE')?.next;
    return w.next?.by === me || !step ? w : { ...w, next: step };
}

function WhistleLists({ list, me }) {
    const needs = list.data.filter((w) => needsMe(w, me)).map((w) => mineOf(w, me)).sort(byDue);
    const rest = list.data.filter((w) => !needsMe(w, me)).sort(byDue);
    return (
        <>
            <section aria-labelledby="needs">
                <div class="section-head"><h2 id="needs">{t('home.needs')}</h2><p class="quiet small">{t('home.needs.text')}</p></div>
                {needs.length === 0 ? <p class="calm">{t('home.calm')}</p>
                    : <ul class="rows">{needs.map((w) => <WhistleRow key={w.number} whistle={w} mine />)}</ul>}
            </section>
            <section aria-labelledby="running">
                <div class="section-head"><h2 id="running">{t('home.running')}</h2><p class="quiet small">{rest.length}</p></div>
                {rest.length === 0 ? <p class="calm">{t('list.empty')}</p>
                    : <ul class="rows">{rest.map((w) => <WhistleRow key={w.number} whistle={w} />)}</ul>}
            </section>
        </>
    );
}

const SIDES = {
    street: [['review', '/whistles?board=review'], ['overdue', '/whistles?board=overdue', true], ['confirm', '/whistles?board=confirm'], ['held', '/doubts']],
    community: [['open', '/whistles'], ['review', '/whistles?board=review'], ['overdue', '/whistles?board=overdue', true], ['confirm', '/whistles?board=confirm']],
    district: [['disputed', '/', true], ['overdue', '/whistles?board=overdue', true], ['supervised', '/supervision', true], ['open', '/whistles']],
    department: [['sign', '/', true], ['check_in', '/'], ['report', '/'], ['overdue', '/', true]],
};
const TITLES = { held: 'decide', disputed: 'rule' };

function Board() {
    const board = useResource('/api/v1/boards');
    const tiles = SIDES[side.value] || [];
    const of = tiles.map(([key, href, bad]) => [TITLES[key] || key, board.data ? board.data[key] ?? 0 : undefined, href, bad]);
    return <Numbers of={of} />;
}

function Whistles() {
    const me = session.value.post.identity;
    const list = useList('/api/v1/whistles', 'whistles', { open: true }, isOpen);
    return <Loaded resource={list}>{() => <WhistleLists list={list} me={me} />}</Loaded>;
}

const STEP = { PENDING: 'sign', DELIVERED: 'sign', SIGNED: 'check_in', CHECKED_IN: 'report', HANDLING: 'report', REWORK: 'report' };

function SignAll({ tasks }) {
    const act = useAct();
    if (tasks.length < 2) return null;
    const run = () => act.run({ path: '/api/v1/tasks/sign', lane: 'sign-all', label: t('task.next.sign'),
        body: { tasks: tasks.map((task) => task.id) } });
    return <><Button kind="primary" busy={act.busy} onClick={run}>{t('task.several', { n: tasks.length })}</Button><ActState act={act} /></>;
}

// The one button of a row: what a duty desk does without opening anything.
function QuickSign({ task }) {
    const act = useAct();
    if (STEP[task.state] !== 'sign') return null;
    const run = () => act.run({ path: `/api/v1/tasks/${task.id}/sign`, lane: task.id, label: `${t('task.next.sign')} ${task.id}` });
    return <><Button kind="primary" busy={act.busy} onClick={run}>{t('task.next.sign')}</Button><ActState act={act} /></>;
}

function Tasks() {
    const list = useList('/api/v1/tasks', 'tasks', { open: true }, (task) => !['CONFIRMED', 'CANCELLED'].includes(task.state));
    return (
        <Loaded resource={list}>
            {(tasks) => {
                const needs = tasks.filter((task) => STEP[task.state]).sort(byDue);
                const rest = tasks.filter((task) => !STEP[task.state]).sort(byDue);
                const unsigned = needs.filter((task) => STEP[task.state] === 'sign');
                return (
                    <>
                        <section aria-labelledby="needs">
                            <div class="section-head"><h2 id="needs">{t('home.needs')}</h2><SignAll tasks={unsigned} /></div>
                            {needs.length === 0 ? <p class="calm">{t('home.calm')}</p>
                                : <ul class="rows">{needs.map((task) => <TaskRow key={task.id} task={task}><QuickSign task={task} /></TaskRow>)}</ul>}
                        </section>
                        {rest.length > 0 && <section aria-labelledby="rest">
                            <h2 id="rest">{t('home.running')}</h2>
                            <ul class="rows">{rest.map((task) => <TaskRow key={task.id} task={task} />)}</ul>
                        </section>}
                    </>
                );
            }}
        </Loaded>
    );
}

// The district leads what no rule gives to anybody.
function OwnTasks() {
    const own = useList('/api/v1/tasks', 'tasks', { open: true }, (task) => STEP[task.state]);
    if (!own.data?.length) return null;
    return <section aria-labelledby="own"><h2 id="own">{t('task.mine')}</h2><ul class="rows">{own.data.sort(byDue).map((task) => <TaskRow key={task.id} task={task} />)}</ul></section>;
}

export default function Home() {
    const { post } = session.value;
    const raises = ['street', 'community'].includes(side.value);
    const title = `${nameOf(post.identity)} · ${t(`home.${side.value}`)}`;
    return (
        <>
            <Head title={title} lead={word('role', post.role)}>
                {raises && <a class="button primary big" href="/raise">{t('nav.raise')}</a>}
            </Head>
            {session.value.person?.temporary && <Note kind="wait"><p><a href="/account">{t('account.temporary')}</a></p></Note>}
            <Board />
            {side.value === 'department' ? <Tasks /> : <Whistles />}
            {side.value === 'district' && <OwnTasks />}
        </>
    );
}

