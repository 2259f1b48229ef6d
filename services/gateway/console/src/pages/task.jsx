// SPDX-License-Identifier: Apache-2.0
// A department's task: the address, the deadline, the button; then what is known and who else comes.
import { useState } from 'preact/hooks';
import { both, t, word } from '../lib/i18n.js';
import { geoLink } from '../lib/mapping.js';
import { useResource } from '../lib/resource.js';
import { categoryOf, nameOf, pathOf } from '../lib/store.js';
import { useDraft } from '../lib/draft.js';
import { ActState, Button, Dialog, Head, Loaded, Text, useAct } from '../parts/controls.jsx';
import { Next, Overdue, Priority, Steps, TaskState } from '../parts/matters.jsx';
import { Others } from '../parts/others.jsx';
import { TaskSteps } from '../parts/task_steps.jsx';
import { DecideAsked } from '../parts/decide.jsx';

const at = (task, verb) => `/api/v1/tasks/${task.id}/${verb}`;

// A local date and time of the page as RFC 3339.
const moment = (text) => new Date(text).toISOString();

const MORE = {
    extend: {
        initial: { until: '', reason: '' }, ready: (f) => f.until && f.reason.trim(), body: (f) => ({ until_at: moment(f.until), reason: f.reason.trim() }),
        fields: [['until', 'task.extend.until', { type: 'datetime-local' }], ['reason', 'act.reason', { rows: 3, max: 500 }]],
    },
    ledger: {
        initial: { until: '', plan: '' }, ready: (f) => f.until && f.plan.trim(), body: (f) => ({ until_at: moment(f.until), plan: f.plan.trim() }),
        fields: [['until', 'task.extend.until', { type: 'datetime-local' }], ['plan', 'task.ledger.plan', { rows: 4, max: 2000 }]],
    },
    delegate: {
        initial: { officer: '', note: '' }, ready: (f) => f.officer.trim(), body: (f) => ({ officer: f.officer.trim(), ...(f.note.trim() && { note: f.note.trim() }) }),
        fields: [['officer', 'task.delegate.officer', {}], ['note', 'act.line', { max: 500, soft: true }]],
    },
    reply: {
        initial: { text: '' }, ready: (f) => f.text.trim(), body: (f) => ({ text: f.text.trim() }), fields: [['text', 'task.reply', { rows: 3, max: 500 }]],
    },
};
const NAMES = { extend: 'task.extend', ledger: 'task.ledger', delegate: 'task.delegate', reply: 'task.reply' };

function MoreForm({ task, verb, onClose }) {
    const act = useAct();
    const deed = MORE[verb];
    const [form, set, clear] = useDraft(`${verb}.${task.id}`, deed.initial);
    const [tried, setTried] = useState(false);
    const submit = (event) => {
        event.preventDefault();
        setTried(true);
        if (!deed.ready(form)) return;
        act.run({ path: at(task, verb), lane: task.id, label: `${t(NAMES[verb])} ${task.number}`, body: deed.body(form), draft: `${verb}.${task.id}` }, () => { clear(); onClose(); });
    };
    return (
        <Dialog title={t(NAMES[verb])} onClose={onClose}>
            <form onSubmit={submit}>
                {deed.fields.map(([name, label, { soft, ...rest }]) => (
                    <Text key={name} label={t(label)} value={form[name]} onValue={(v) => set(name, v)} required={!soft} error={tried && !soft && !form[name].trim() && t('form.missing')} {...rest} />
                ))}
                <ActState act={act} />
                <div class="buttons"><Button type="submit" kind="primary" busy={act.busy}>{t('form.send')}</Button><Button onClick={onClose}>{t('form.cancel')}</Button></div>
            </form>
        </Dialog>
    );
}

function More({ task }) {
    const [verb, setVerb] = useState(null);
    const open = !['CONFIRMED', 'CANCELLED', 'REPORTED'].includes(task.state);
    const list = [open && !task.extension && 'extend', open && task.priority === 'P4' && task.checked_in_at && !task.on_ledger && 'ledger',
        open && 'delegate', task.rating && !task.rating_reply && 'reply'].filter(Boolean);
    if (list.length === 0) return null;
    return (
        <section aria-label={t('act.more')}>
            <div class="buttons">{list.map((v) => <Button key={v} onClick={() => setVerb(v)}>{t(NAMES[v])}</Button>)}</div>
            {verb && <MoreForm key={verb} task={task} verb={verb} onClose={() => setVerb(null)} />}
        </section>
    );
}

// What an officer must know of the place and the matter.
export function Scene({ whistle: w, contact }) {
    const category = categoryOf(w.category);
    const route = geoLink(w.place);
    const asked = (code) => both(category?.questions?.find((q) => q.code === code)) || code;
    const value = (v) => (v === 'true' ? t('form.yes') : v === 'false' ? t('form.no') : v);
    return (
        <section class="card scene" aria-label={t('whistle.place')}>
            <p class="address">{w.place?.address || pathOf(w.place?.unit)}</p>
            <p class="quiet">{pathOf(w.place?.unit)}</p>
            {route && <a class="button" href={route} target="_blank" rel="noreferrer">{t('task.route')}</a>}
            {w.text && <p class="text">{w.text}</p>}
            {(w.additions || []).map((a, i) => <p key={i} class="text addition"><b>{t('whistle.additions')}</b> {a}</p>)}
            {w.answers?.length > 0 && <p>{w.answers.map((a) => <span key={a.code} class="answer">{asked(a.code)}: <b>{value(a.value)}</b></span>)}</p>}
            {contact && <p>{t('task.contact')}: <b>{contact}</b></p>}
        </section>
    );
}

function Said({ task }) {
    return (
        <>
            {task.refusal && <p class="small">{t('task.refuse.title')}: {word('refuse', task.refusal.reason)} · {task.refusal.basis} · {t('refused.instead')} {nameOf(task.refusal.alternative)}
                {task.refusal.verdict && ` · ${t('refused.verdict', { verdict: word('ruling', task.refusal.verdict), basis: task.refusal.ruling_basis || '' })}`}</p>}
            {task.rating && <p>{t('act.rating')}: {word('rating', task.rating)} {task.rating_text}</p>}
            {task.outcome && <p class="outcome"><b>{word('outcome', task.outcome)}</b> {task.report_text}</p>}
        </>
    );
}

export default function Task({ id }) {
    const number = id.slice(0, id.lastIndexOf('-'));
    const concerns = (e) => e.number === number;
    const task = useResource(`/api/v1/tasks/${id}`, concerns);
    const whistle = useResource(`/api/v1/whistles/${number}`, concerns);
    if (!task.data) return <><Head title={id} /><Loaded resource={task} /></>;
    return (
        <Loaded resource={task}>
            {(own) => (
                <div class="task-page">
                    <Head title={own.title || whistle.data?.title || own.id} />
                    <div class="banner-line"><Priority value={own.priority} drill={whistle.data?.drill} /> <TaskState value={own.state} /> <Overdue clocks={own.overdue} /> <span class="number">{own.number}</span></div>
                    <div class="next-box"><Next next={own.next} from={own.dispatched_at} /></div>
                    <TaskSteps task={own} path={(verb) => at(own, verb)} />
                    <Loaded resource={whistle}>{(w) => <><Scene whistle={w} contact={nameOf(w.street)} /><Others tasks={(w.tasks || []).filter((x) => x.department !== own.department)} /></>}</Loaded>
                    <section class="card" aria-label={t('whistle.history')}><Steps task={own} /><Said task={own} /><DecideAsked task={own} /></section>
                    <More task={own} />
                </div>
            )}
        </Loaded>
    );
}
