// SPDX-License-Identifier: Apache-2.0
// How a whistle and a task look everywhere: priority, state, countdown, what happens next, by whom and when.
import { t, word } from '../lib/i18n.js';
import { clockTime, exactly, ms, nearness, now, span, when } from '../lib/time.js';
import { categoryName, nameOf } from '../lib/store.js';
import { cls } from './controls.jsx';

// Not by colour alone: the word stands in it, and each has its own shape.
export function Priority({ value, drill }) {
    return (
        <>
            <span class={cls('priority', value)}>{word('priority', value)}</span>
            {drill && <span class="chip drill">{t('drill')}</span>}
        </>
    );
}

const TONES = {
    SUBMITTED: 'wait', RETURNED: 'wait', HELD: 'wait', REPORTED: 'ask', RESOLVED: 'good', CLOSED: 'good', MERGED: 'off',
    CANCELLED: 'off', RULED_CLOSED: 'off', PENDING: 'new', DELIVERED: 'new', SIGNED: 'go', CHECKED_IN: 'go', HANDLING: 'go',
    DISPUTED: 'bad', REWORK: 'bad', CONFIRMED: 'good', ACTIVE: 'go', DISPATCHED: 'new', ON_LEDGER: 'wait',
};

export const WhistleState = ({ value }) => <span class={cls('chip', TONES[value])}>{word('whistle', value)}</span>;
export const TaskState = ({ value }) => <span class={cls('chip', TONES[value])}>{word('task', value)}</span>;

// Ticks with the page's one clock. due, from: RFC 3339.
export function Countdown({ due, from, settled }) {
    const at = ms(due);
    if (!at) return null;
    if (settled) return <time dateTime={new Date(at).toISOString()}>{when(at)}</time>;
    const left = at - now.value;
    const near = nearness(at, ms(from), now.value);
    return (
        <time class={cls('countdown', near)} dateTime={new Date(at).toISOString()} title={exactly(at)}>
            {t(left < 0 ? 'due.late' : 'due.left', { span: span(left) })}
        </time>
    );
}

// "下一步 公安分局 · 签收 08:35 前 还有 12 分"
export function Next({ next, from }) {
    if (!next?.action) return null;
    if (next.action === 'NONE') return <p class="next quiet">{t('action.NONE')}</p>;
    return (
        <p class="next">
            <span class="next-label">{t('next.label')}</span>
            <b>{t('next.sentence', { by: nameOf(next.by) || t('next.nobody'), action: word('action', next.action) })}</b>
            {next.at && <span class="next-at">{t('next.before', { at: when(ms(next.at)) })}</span>}
            {next.at && next.action !== 'ARCHIVE' && <Countdown due={next.at} from={from} />}
        </p>
    );
}

export function Overdue({ clocks }) {
    if (!clocks?.length) return null;
    return <span class="chip late">{t('overdue.which', { clocks: clocks.map((c) => word('clock', c)).join('、') })}</span>;
}

// The due time that runs now, of a task.
export function dueOf(task) {
    return task.next?.at;
}

export const byDue = (a, b) => (ms(a.next?.at) || Infinity) - (ms(b.next?.at) || Infinity);

// One line of a list: what, where, what happens next.
export function WhistleRow({ whistle, mine }) {
    const late = (whistle.tasks || []).some((task) => task.overdue?.length) ||
        (whistle.next?.at && ms(whistle.next.at) < now.value && whistle.next.action !== 'ARCHIVE');
    return (
        <li class={cls('row', whistle.priority, late && 'is-late', mine && 'mine')}>
            <a href={`/whistles/${whistle.number}`} class="row-main">
                <span class="row-head">
                    <Priority value={whistle.priority} drill={whistle.drill} />
                    <span class="row-title">{whistle.title}</span>
                </span>
                <span class="row-meta">
                    <span class="number">{whistle.number}</span>
                    <span>{categoryName(whistle.category)}</span>
                    <span>{nameOf(whistle.place?.unit || whistle.unit)}</span>
                    {whistle.place?.address && <span>{whistle.place.address}</span>}
                    {whistle.supporters > 0 && <span>{t('whistle.supporters', { n: whistle.supporters })}</span>}
                </span>
            </a>
            <div class="row-side">
                <WhistleState value={whistle.state} />
                {whistle.unreviewed && <span class="chip wait">{t('whistle.unreviewed')}</span>}
                <Next next={whistle.next} from={whistle.dispatched_at || whistle.submitted_at} />
            </div>
        </li>
    );
}

export function TaskRow({ task, children }) {
    return (
        <li class={cls('row', task.priority, task.overdue?.length && 'is-late')}>
            <a href={`/tasks/${task.id}`} class="row-main">
                <span class="row-head">
                    <Priority value={task.priority} />
                    <span class="row-title">{task.title || task.id}</span>
                </span>
                <span class="row-meta">
                    <span class="number">{task.number}</span>
                    <span>{categoryName(task.category)}</span>
                    <span>{nameOf(task.unit)}</span>
                    <span>{word('part', task.part)}</span>
                </span>
            </a>
            <div class="row-side">
                <TaskState value={task.state} />
                <Overdue clocks={task.overdue} />
                <Next next={task.next} from={task.dispatched_at} />
                {children}
            </div>
        </li>
    );
}

// The street's four numbers, the department's and so on: [[key, value, href, alarming]].
export function Numbers({ of }) {
    return (
        <ul class="numbers">
            {of.map(([key, value, href, bad]) => (
                <li key={key}>
                    <a href={href} class={cls('number-tile', bad && value > 0 && 'alarm', !value && 'zero')}>
                        <span class="figure">{value ?? '–'}</span>
                        <span class="figure-name">{t(`num.${key}`)}</span>
                    </a>
                </li>
            ))}
        </ul>
    );
}

const passed = (at) => (at ? clockTime(ms(at)) : '');

// Sign, arrive, report: what was done and when, what runs, what is late.
export function Steps({ task }) {
    const steps = [
        ['sign', task.signed_at || task.checked_in_at, task.due_sign],
        ['checkin', task.checked_in_at, task.due_checkin],
        ['report', task.reported_at, task.due_report],
    ];
    const running = steps.findIndex(([, at]) => !at);
    return (
        <ol class="steps">
            {steps.map(([name, at, due], i) => (
                <li key={name} class={cls(at ? 'done' : i === running ? 'runs' : 'later')}>
                    <span class="step-name">{t(`whistle.step.${name}`)}</span>
                    {at ? <time dateTime={at} title={exactly(ms(at))}>{passed(at)}</time>
                        : i === running && !['CANCELLED', 'CONFIRMED'].includes(task.state)
                            ? <Countdown due={due} from={task.dispatched_at} />
                            : due && <span class="quiet">{t('next.before', { at: when(ms(due)) })}</span>}
                </li>
            ))}
        </ol>
    );
}
