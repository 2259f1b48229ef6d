// SPDX-License-Identifier: Apache-2.0
// Lists behind the numbers: all whistles one may see, one board's rows, what may be duplicates.
import { useState } from 'preact/hooks';
import { t } from '../lib/i18n.js';
import { useList } from '../lib/lists.js';
import { useResource } from '../lib/resource.js';
import { categoryName, nameOf, side } from '../lib/store.js';
import { place } from '../lib/router.js';
import { Check, Head, Loaded, Text } from '../parts/controls.jsx';
import { byDue, Countdown, Priority, WhistleRow, WhistleState, TaskState } from '../parts/matters.jsx';
import { JoinButtons, SplitButton } from '../parts/joins.jsx';
import { Likeness } from '../parts/likeness.jsx';
import { ms, when } from '../lib/time.js';

function BoardRow({ row }) {
    const href = side.value === 'department' && row.task ? `/tasks/${row.task}` : `/whistles/${row.number}`;
    return (
        <li class={`row ${row.priority} ${row.overdue ? 'is-late' : ''}`}>
            <a class="row-main" href={href}>
                <span class="row-head"><Priority value={row.priority} drill={row.drill} /><span class="row-title">{row.title || row.number}</span></span>
                <span class="row-meta"><span class="number">{row.number}</span><span>{categoryName(row.category)}</span><span>{nameOf(row.unit)}</span>{row.place && <span>{row.place}</span>}{row.department && <span>{nameOf(row.department)}</span>}</span>
            </a>
            <div class="row-side">
                {row.task_state ? <TaskState value={row.task_state} /> : <WhistleState value={row.state} />}
                {row.escalation > 0 && <span class="chip late">{t(`escalation.${row.escalation}`)}</span>}
                <Countdown due={row.due_at} from={row.submitted_at} />
            </div>
        </li>
    );
}

export function BoardList({ name }) {
    const board = useResource(`/api/v1/boards/${name}`);
    return (
        <Loaded resource={board}>
            {(data) => (data.rows?.length ? <ul class="rows">{data.rows.map((row) => <BoardRow key={row.task || row.number} row={row} />)}</ul> : <p class="calm">{t('list.empty')}</p>)}
        </Loaded>
    );
}

function All() {
    const [open, setOpen] = useState(true);
    const [find, setFind] = useState('');
    const list = useList('/api/v1/whistles', 'whistles', open ? { open: true } : {});
    const fits = (w) => !find || `${w.number} ${w.title} ${w.place?.address || ''}`.toLowerCase().includes(find.toLowerCase());
    return (
        <>
            <div class="filters">
                <Text label={t('list.find')} value={find} onValue={setFind} type="search" />
                <Check label={t('list.openOnly')} checked={open} onValue={setOpen} />
            </div>
            <Loaded resource={list}>
                {(rows) => {
                    const found = rows.filter(fits).sort(open ? byDue : (a, b) => ms(b.submitted_at) - ms(a.submitted_at));
                    return found.length ? <ul class="rows">{found.map((w) => <WhistleRow key={w.number} whistle={w} />)}</ul> : <p class="calm">{t('list.empty')}</p>;
                }}
            </Loaded>
        </>
    );
}

export function Whistles() {
    const board = place.value.search.get('board');
    return <><Head title={board ? t(`num.${board}`) : t('nav.whistles')} />{board ? <BoardList key={board} name={board} /> : <All />}</>;
}

export function Doubts() {
    const doubts = useResource('/api/v1/doubts');
    return (
        <>
            <Head title={t('nav.doubts')} />
            <Loaded resource={doubts}>
                {(data) => (data.doubts?.length ? data.doubts.map((d) => (
                    <section key={d.number} class="card strip" aria-label={d.title}>
                        <div class="section-head">
                            <h2><a href={`/whistles/${d.number}`}>{d.title || d.number}</a></h2>
                            {d.until_at && <p class="small">{t('join.until', { at: when(ms(d.until_at)) })} <Countdown due={d.until_at} from={d.blown_at} /></p>}
                        </div>
                        <ul class="plain">{(d.perhaps || []).map((like) => <Likeness key={like.number} like={like}><JoinButtons number={d.number} like={like} /></Likeness>)}</ul>
                        <SplitButton number={d.number} label={t('join.separate')} />
                    </section>
                )) : <p class="calm">{t('join.empty')}</p>)}
            </Loaded>
        </>
    );
}

export function Supervision() {
    return (
        <>
            <Head title={t('super.title')} lead={t('super.text')} />
            <section aria-labelledby="supervised"><h2 id="supervised">{t('num.supervised')}</h2><BoardList name="supervised" /></section>
            <section aria-labelledby="overdue"><h2 id="overdue">{t('num.overdue')}</h2><BoardList name="overdue" /></section>
            <section aria-labelledby="disputed"><h2 id="disputed">{t('num.rule')}</h2><BoardList name="disputed" /></section>
        </>
    );
}

