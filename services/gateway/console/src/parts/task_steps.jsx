// SPDX-License-Identifier: Apache-2.0
// What a department does with its task, the same with an account and by a one-time link: one big button
// for the next step, and refusing with its rule. `path(verb)` says where it is sent.
import { useState } from 'preact/hooks';
import { both, t, word } from '../lib/i18n.js';
import { departments } from '../lib/store.js';
import { useDraft } from '../lib/draft.js';
import { ms } from '../lib/time.js';
import { ActState, Button, Choice, Dialog, Note, Select, Text, useAct } from './controls.jsx';

const OUTCOMES = ['SOLVED', 'PROGRESS', 'PARTLY', 'NOT_POSSIBLE', 'NOT_OURS'];

// sign, check_in, report or null: what this department does next.
export function stepOf(task) {
    if (['PENDING', 'DELIVERED'].includes(task.state)) return 'sign';
    if (task.state === 'SIGNED') return 'check_in';
    if (['CHECKED_IN', 'HANDLING', 'REWORK'].includes(task.state)) return 'report';
    if (task.state === 'DISPUTED') return task.checked_in_at ? 'report' : 'check_in';
    return null;
}

export const mayRefuse = (task) => ['PENDING', 'DELIVERED', 'SIGNED'].includes(task.state) && !task.refusal && !task.checked_in_at;

function Big({ task, verb, label, path, bare, method, hint }) {
    const act = useAct();
    const body = verb === 'check-in' ? { method } : {};
    const run = () => act.run({ path: path(verb), lane: task.id, label: `${label} ${task.number}`, body, bare });
    return (
        <div class="step-act">
            <Button kind="primary" big busy={act.busy} onClick={run}>{label}</Button>
            {hint && <p class="small quiet">{hint}</p>}
            <ActState act={act} />
        </div>
    );
}

function Report({ task, path, bare }) {
    const act = useAct();
    const [form, set, clear] = useDraft(`report.${task.id}`, { outcome: '', text: '' });
    const [tried, setTried] = useState(false);
    const outcomes = task.state === 'DISPUTED' ? ['PROGRESS'] : OUTCOMES;
    const submit = (event) => {
        event.preventDefault();
        setTried(true);
        if (!form.outcome || !form.text.trim()) return;
        act.run({ path: path('report'), lane: task.id, label: `${t('task.next.report')} ${task.number}`, bare, draft: `report.${task.id}`,
            body: { outcome: form.outcome, text: form.text.trim() } }, clear);
    };
    return (
        <form class="step-act" onSubmit={submit} aria-labelledby="report-title">
            <h2 id="report-title">{t('task.report.title')}</h2>
            <Choice label={t('whistle.outcome')} value={form.outcome} onValue={(v) => set('outcome', v)} required
                error={tried && !form.outcome && t('form.missing')} options={outcomes.map((o) => [o, word('outcome', o)])} />
            <Text label={t('task.report.line')} hint={t('task.report.line.hint')} value={form.text} onValue={(v) => set('text', v)} rows={3} max={2000} required
                error={tried && !form.text.trim() && t('form.missing')} />
            <Button type="submit" kind="primary" big busy={act.busy}>{t('task.next.report')}</Button>
            <ActState act={act} />
        </form>
    );
}

function Refuse({ task, path, bare, onClose }) {
    const act = useAct();
    const [form, set, clear] = useDraft(`refuse.${task.id}`, { reason: '', basis: '', alternative: '', text: '' });
    const [tried, setTried] = useState(false);
    const submit = (event) => {
        event.preventDefault();
        setTried(true);
        if (!form.reason || !form.basis.trim() || !form.alternative) return;
        act.run({ path: path('refuse'), lane: task.id, label: `${t('task.refuse.title')} ${task.number}`, bare, draft: `refuse.${task.id}`,
            body: { reason: form.reason, basis: form.basis.trim(), alternative: form.alternative, ...(form.text.trim() && { text: form.text.trim() }) } },
        () => { clear(); onClose(); });
    };
    const missing = (value) => tried && !value && t('form.missing');
    return (
        <Dialog title={t('task.refuse.title')} onClose={onClose}>
            <form onSubmit={submit}>
                <Note kind="wait"><p>{t('task.refuse.rule')}</p>{task.priority === 'P1' && <p><b>{t('task.refuse.p1')}</b></p>}</Note>
                <Choice label={t('task.refuse.reason')} value={form.reason} onValue={(v) => set('reason', v)} required error={missing(form.reason)}
                    options={['WRONG_AREA', 'WRONG_OWNER', 'OVERLAP'].map((r) => [r, word('refuse', r)])} />
                <Text label={t('task.refuse.basis')} value={form.basis} onValue={(v) => set('basis', v)} rows={2} max={500} required error={missing(form.basis.trim())} />
                <Select label={t('task.refuse.instead')} value={form.alternative} onValue={(v) => set('alternative', v)} required error={missing(form.alternative)}
                    options={departments.value.filter((d) => d.code !== task.department).map((d) => [d.code, both(d)])} />
                <Text label={t('act.line')} value={form.text} onValue={(v) => set('text', v)} max={500} />
                <ActState act={act} />
                <div class="buttons"><Button type="submit" kind="danger" busy={act.busy}>{t('task.refuse.go')}</Button><Button onClick={onClose}>{t('form.cancel')}</Button></div>
            </form>
        </Dialog>
    );
}

export function TaskSteps({ task, path, bare = false, method = 'DESK' }) {
    const [refusing, setRefusing] = useState(false);
    const step = stepOf(task);
    const common = { task, path, bare, method };
    return (
        <section class="steps-now" aria-label={t('next.label')} data-step={step || 'none'}>
            {['REPORTED', 'DISPUTED', 'CONFIRMED', 'CANCELLED'].includes(task.state) && <Note kind={task.state === 'DISPUTED' ? 'wait' : 'good'} live><p>{t(`task.waiting.${task.state}`)}</p></Note>}
            {task.rework > 0 && task.state === 'REWORK' && <Note kind="bad"><p>{t('task.rework', { n: task.rework })}</p></Note>}
            {step === 'sign' && <Big {...common} verb="sign" label={t('task.next.sign')} hint={t('task.sign.text')} />}
            {step === 'check_in' && <Big {...common} verb="check-in" label={t(task.priority === 'P4' || task.priority === 'P3' ? 'task.next.meeting' : 'task.next.check_in')} />}
            {step === 'report' && <Report {...common} key={`${task.state}${ms(task.reported_at)}`} />}
            {mayRefuse(task) && <p class="refuse-line"><button type="button" class="linklike" onClick={() => setRefusing(true)}>{t('task.refuse')}</button></p>}
            {refusing && <Refuse {...common} onClose={() => setRefusing(false)} />}
        </section>
    );
}
