// SPDX-License-Identifier: Apache-2.0
// What a street, a community or the district does with a whistle: review, confirm, join, separate and the
// rarer ones behind "other actions". Each shows only when the state allows it.
import { useState } from 'preact/hooks';
import { t, word } from '../lib/i18n.js';
import { departments, nameOf, session, side } from '../lib/store.js';
import { both } from '../lib/i18n.js';
import { useDraft } from '../lib/draft.js';
import { read } from '../lib/api.js';
import { ActState, Button, Check, Choice, Dialog, Select, Text, useAct } from './controls.jsx';

export const pathOfWhistle = (number, verb) => `/api/v1/whistles/${number}/${verb}`;
const request = (w, verb, body) => ({ path: pathOfWhistle(w.number, verb), lane: w.number, label: `${t(`act.${LABEL[verb] || verb}`)} ${w.number}`, body, draft: `${verb}.${w.number}` });
const RATINGS = ['SATISFIED', 'BASICALLY', 'UNSATISFIED'];
const words = (kind, values) => values.map((v) => [v, word(kind, v)]);

export function Review({ whistle }) {
    const act = useAct();
    const [wanted, setWanted] = useState(null);
    const [reason, setReason] = useState('');
    const [error, setError] = useState('');
    const run = (verdict) => {
        if (verdict !== 'APPROVE' && verdict !== 'SELF' && !reason.trim()) return setError(t('form.missing'));
        return act.run(request(whistle, 'review', { verdict, ...(reason.trim() && { reason: reason.trim() }) }));
    };
    return (
        <section class="card ask" aria-labelledby="review">
            <h2 id="review">{t('act.review')}</h2>
            <p class="quiet">{t('act.review.text')}</p>
            {wanted ? (
                <form onSubmit={(e) => { e.preventDefault(); run(wanted); }}>
                    <Text label={t('act.reason')} value={reason} onValue={setReason} error={error} rows={2} max={500} required={wanted !== 'SELF'} />
                    <div class="buttons">
                        <Button type="submit" kind="primary" busy={act.busy}>{t(`review.${wanted}`)}</Button>
                        <Button onClick={() => setWanted(null)}>{t('form.cancel')}</Button>
                    </div>
                </form>
            ) : (
                <div class="buttons">
                    <Button kind="primary" big busy={act.busy} onClick={() => run('APPROVE')}>{t('review.APPROVE')}</Button>
                    {!whistle.unreviewed && ['RETURN', 'SELF', 'CANCEL'].map((v) => <Button key={v} disabled={act.busy} onClick={() => setWanted(v)}>{t(`review.${v}`)}</Button>)}
                </div>
            )}
            <ActState act={act} />
        </section>
    );
}

export function Confirm({ whistle }) {
    const act = useAct();
    const [form, set, clear] = useDraft(`confirm.${whistle.number}`, { verdict: '', rating: '', text: '', tasks: [] });
    const [wrong, setWrong] = useState({});
    const reported = (whistle.tasks || []).filter((task) => task.state === 'REPORTED');
    const back = form.verdict && form.verdict !== 'SOLVED';
    const submit = (event) => {
        event.preventDefault();
        const found = { verdict: !form.verdict, rating: form.verdict === 'SOLVED' && !form.rating, tasks: form.verdict === 'PARTLY' && form.tasks.length === 0 };
        setWrong(found);
        if (Object.values(found).some(Boolean)) return;
        act.run(request(whistle, 'confirm', { verdict: form.verdict, ...(form.rating && { rating: form.rating }),
            ...(form.text.trim() && { text: form.text.trim() }), ...(back && form.tasks.length && { tasks: form.tasks }) }), clear);
    };
    const toggle = (id, on) => set('tasks', on ? [...form.tasks, id] : form.tasks.filter((x) => x !== id));
    return (
        <section class="card ask" aria-labelledby="confirm">
            <h2 id="confirm">{t('act.confirm')}</h2>
            <form onSubmit={submit}>
                <Choice label={t('act.confirm.text')} value={form.verdict} onValue={(v) => set('verdict', v)} required
                    error={wrong.verdict && t('form.missing')} options={words('verdict', ['SOLVED', 'PARTLY', 'NOT_SOLVED'])} />
                {back && (
                    <fieldset class={wrong.tasks ? 'wrong' : ''}>
                        <legend>{t('act.which')}</legend>
                        {reported.map((task) => <Check key={task.id} label={nameOf(task.department)} checked={form.tasks.includes(task.id)} onValue={(on) => toggle(task.id, on)} />)}
                        {wrong.tasks && <p class="error">{t('form.choose')}</p>}
                    </fieldset>
                )}
                <Choice label={t('act.rating')} value={form.rating} onValue={(v) => set('rating', v)} required={form.verdict === 'SOLVED'}
                    error={wrong.rating && t('form.missing')} options={words('rating', RATINGS)} />
                <Text label={t('act.line')} value={form.text} onValue={(v) => set('text', v)} rows={2} max={500} />
                <Button type="submit" kind="primary" big busy={act.busy}>{t('act.confirm')}</Button>
                <ActState act={act} />
            </form>
        </section>
    );
}

// One form for all that need a reason or a choice: fields(form, set) and what is sent.
function Deed({ whistle, verb, label, initial, fields, body, ready, onClose, title }) {
    const act = useAct();
    const [form, set, clear] = useDraft(`${verb}.${whistle.number}`, initial);
    const [tried, setTried] = useState(false);
    const submit = (event) => {
        event.preventDefault();
        setTried(true);
        if (ready && !ready(form)) return;
        act.run(request(whistle, verb, body ? body(form) : form), () => { clear(); onClose(); });
    };
    return (
        <Dialog title={title || label} onClose={onClose}>
            <form onSubmit={submit}>
                {fields(form, set, tried)}
                <ActState act={act} />
                <div class="buttons"><Button type="submit" kind="primary" busy={act.busy}>{label}</Button><Button onClick={onClose}>{t('form.cancel')}</Button></div>
            </form>
        </Dialog>
    );
}

const reasonField = (form, set, tried) => (
    <Text label={t('act.reason')} value={form.reason} onValue={(v) => set('reason', v)} rows={3} max={500} required error={tried && !form.reason.trim() && t('form.missing')} />
);
const withReason = { initial: { reason: '' }, fields: reasonField, ready: (f) => f.reason.trim() };

const DEEDS = {
    reopen: withReason,
    withdraw: withReason,
    'rule-close': withReason,
    supplement: {
        initial: { text: '' }, ready: (f) => f.text.trim(),
        fields: (f, set, tried) => <Text label={t('act.supplement.text')} hint={t('raise.text.hint')} value={f.text} onValue={(v) => set('text', v)} rows={4} max={2000} required error={tried && !f.text.trim() && t('form.missing')} />,
    },
    add: {
        initial: { department: '', reason: '' }, ready: (f) => f.department && f.reason.trim(),
        body: (f) => ({ departments: [f.department], reason: f.reason.trim() }),
        fields: (f, set, tried) => (
            <>
                <Select label={t('whistle.department')} value={f.department} onValue={(v) => set('department', v)} required
                    error={tried && !f.department && t('form.missing')} options={departments.value.map((d) => [d.code, both(d)])} />
                {reasonField(f, set, tried)}
            </>
        ),
    },
    priority: {
        initial: { priority: '', reason: '' }, ready: (f) => f.priority && f.reason.trim(),
        fields: (f, set, tried) => (
            <>
                <Choice label={t('whistle.priority')} value={f.priority} onValue={(v) => set('priority', v)} required options={words('priority', ['P1', 'P2', 'P3', 'P4'])} error={tried && !f.priority && t('form.missing')} />
                {reasonField(f, set, tried)}
            </>
        ),
    },
    opinion: {
        initial: { rating: '', text: '' }, ready: (f) => f.rating,
        body: (f) => ({ rating: f.rating, ...(f.text.trim() && { text: f.text.trim() }) }),
        fields: (f, set, tried) => (
            <>
                <Choice label={t('community.opinion.text')} value={f.rating} onValue={(v) => set('rating', v)} required options={words('rating', RATINGS)} error={tried && !f.rating && t('form.missing')} />
                <Text label={t('act.line')} value={f.text} onValue={(v) => set('text', v)} rows={2} max={500} />
            </>
        ),
    },
};

const LABEL = { 'rule-close': 'ruleClose' };
const WORKS = ['DISPATCHED', 'ACTIVE', 'REPORTED', 'ON_LEDGER'];
const DONE = ['RESOLVED', 'CLOSED'];

function deedsOf(w) {
    const who = side.value;
    const raiser = who === 'street' || who === 'district';
    const works = WORKS.includes(w.state);
    return [
        raiser && works && 'add',
        (raiser || who === 'community') && (works || w.state === 'SUBMITTED' || w.state === 'RETURNED') && 'supplement',
        raiser && (works || w.state === 'SUBMITTED') && 'priority',
        who === 'community' && (works || DONE.includes(w.state)) && !w.opinion && 'opinion',
        who === 'street' && works && 'withdraw',
        raiser && DONE.includes(w.state) && 'reopen',
        raiser && works && 'rule-close',
    ].filter(Boolean);
}

export function OtherActs({ whistle }) {
    const [verb, setVerb] = useState(null);
    const list = deedsOf(whistle);
    if (list.length === 0) return null;
    const label = (v) => t(`act.${LABEL[v] || v}`);
    return (
        <section aria-labelledby="others">
            <h2 id="others" class="small-head">{t('act.more')}</h2>
            <div class="buttons">{list.map((v) => <Button key={v} onClick={() => setVerb(v)}>{label(v)}</Button>)}</div>
            {verb && <Deed key={verb} whistle={whistle} verb={verb} label={label(verb)} onClose={() => setVerb(null)} {...DEEDS[verb]} />}
        </section>
    );
}

// Reading what is masked: a reason, a logged command, then ten minutes.
export function Unseal({ whistle }) {
    const [open, setOpen] = useState(false);
    const [found, setFound] = useState(null);
    const [reason, setReason] = useState('');
    const act = useAct();
    if (side.value !== 'street' && side.value !== 'district') return null;
    const submit = async (event) => {
        event.preventDefault();
        if (!reason.trim()) return;
        const done = await act.run(request(whistle, 'unseal', { reason: reason.trim() }));
        if (done) setFound(await read(pathOfWhistle(whistle.number, 'unsealed')).catch(() => null));
    };
    return (
        <>
            <Button kind="plain" onClick={() => setOpen(true)}>{t('act.unseal')}</Button>
            {open && (
                <Dialog title={t('act.unseal')} onClose={() => { setOpen(false); setFound(null); setReason(''); }}>
                    {found ? (
                        <dl class="facts">
                            {found.title && <><dt>{t('raise.head')}</dt><dd>{found.title}</dd></>}
                            {found.text && <><dt>{t('whistle.text')}</dt><dd class="text">{found.text}</dd></>}
                            {found.address && <><dt>{t('raise.address')}</dt><dd>{found.address}</dd></>}
                            {found.reporter && <><dt>{t('raise.reporter')}</dt><dd>{found.reporter.name} {found.reporter.phone}</dd></>}
                        </dl>
                    ) : (
                        <form onSubmit={submit}>
                            <p>{t('act.unseal.text')}</p>
                            <Text label={t('act.reason')} value={reason} onValue={setReason} required max={300} />
                            <ActState act={act} />
                            <Button type="submit" kind="primary" busy={act.busy}>{t('act.unseal')}</Button>
                        </form>
                    )}
                </Dialog>
            )}
        </>
    );
}

export const isRaiser = (w) => session.value?.post.identity === w.street || session.value?.post.identity === w.unit ||
    w.joint_units?.includes(session.value?.post.identity) || side.value === 'district';
