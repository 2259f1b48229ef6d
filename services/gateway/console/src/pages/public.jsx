// SPDX-License-Identifier: Apache-2.0
// What a resident needs: to say what is wrong, at any hour, without account, and to see how it goes with
// the number and the code. Nothing here shows more of a whistle than its public state.
import { Fragment } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, read } from '../lib/api.js';
import { both, t, word } from '../lib/i18n.js';
import { useDraft } from '../lib/draft.js';
import { uuid7 } from '../lib/ids.js';
import { place } from '../lib/router.js';
import { sender } from '../lib/outbox.js';
import { units } from '../lib/store.js';
import { ms, when } from '../lib/time.js';
import { ActState, Button, Copy, Head, Note, ProblemBox, Text, useAct } from '../parts/controls.jsx';
import { Already, usePreview } from '../parts/preview.jsx';
import { Advice, answersBody, CategoryField, placeBody, PlaceFields, Questions } from '../parts/raise_fields.jsx';

const EMPTY = { category: '', title: '', text: '', place: { unit: '', address: '' }, answers: {}, name: '', phone: '' };
const enough = (f) => f.category && f.place.unit && f.title.trim().length >= 2;

function bodyOf(f, ticket) {
    const reporter = { ...(f.name.trim() && { name: f.name.trim() }), ...(f.phone.trim() && { phone: f.phone.trim() }) };
    return { category: f.category, title: f.title.trim(), ...(f.text.trim() && { text: f.text.trim() }), place: placeBody(f.place),
        ...(Object.keys(f.answers).length && { answers: answersBody(f.answers) }), ...(Object.keys(reporter).length && { reporter }), ...(ticket && { ticket }) };
}

// The form's communities as the places one may choose, with their street before the name.
export const communitiesOf = (form) => (form.communities || []).map((c) => ({ ...c, level: 'COMMUNITY', parent: c.street,
    zh: [c.street_zh, c.zh].filter(Boolean).join(' '), en: [c.en, c.street_en].filter(Boolean).join(', ') }));

function useForm() {
    const [state, setState] = useState({});
    const load = () => read('/api/v1/public/form', { bare: true }).then((data) => {
        units.value = communitiesOf(data);
        setState({ data });
    }).catch((problem) => setState({ problem }));
    useEffect(() => { load(); }, []);
    return { ...state, reload: load };
}

const categoryIn = (form, code) => both((form.categories || []).find((c) => c.code === code)) || code;
const unitName = (code) => both(units.value.find((u) => u.code === code)) || code;

function Receipt({ receipt }) {
    const text = () => `${t('report.number')}:${receipt.number}\n${t('report.code')}:${receipt.code}\n${location.origin}/status?number=${receipt.number}`;
    return (
        <div class="narrow">
            <Head title={t('report.done')} />
            <section class="card receipt" aria-live="polite">
                <dl><dt>{t('report.number')}</dt><dd class="big-number">{receipt.number}</dd><dt>{t('report.code')}</dt><dd class="big-number code">{receipt.code}</dd></dl>
                <p>{t('report.code.text')}</p>
                {receipt.community && <p>{unitName(receipt.community)}</p>}
                {receipt.notice_zh && <p>{both({ zh: receipt.notice_zh, en: receipt.notice_en })}</p>}
                {receipt.advice_zh && <Note kind="bad" title={t('raise.advice')}><p>{both({ zh: receipt.advice_zh, en: receipt.advice_en })}</p></Note>}
                <div class="buttons"><Copy text={text} label={t('form.copy')} /><a class="button primary" href={`/status?number=${receipt.number}`}>{t('report.follow')}</a></div>
            </section>
        </div>
    );
}

export function Report() {
    const source = useForm();
    const [form, set, clear, restored] = useDraft('report', EMPTY);
    const [receipt, setReceipt] = useState(null);
    const [tried, setTried] = useState(false);
    const act = useAct();
    useEffect(() => { sender.value = 'resident'; }, []);
    const found = usePreview('/api/v1/public/preview', enough(form) ? bodyOf(form, source.data?.ticket) : null, true);
    if (receipt) return <Receipt receipt={receipt} />;
    if (!source.data) return <div class="narrow"><Head title={t('report.title')} />{source.problem ? <ProblemBox problem={source.problem} retry={source.reload} /> : <p class="loading" role="status">{t('app.loading')}</p>}</div>;
    const missing = (yes) => tried && !yes && t('form.missing');
    const wrong = { unit: missing(form.place.unit), address: missing(form.place.address?.trim() || form.place.lat) };
    const { ticket } = source.data;
    const matches = (found?.matches || []).map((m) => ({ ...m.card, title: [categoryIn(source.data, m.card?.category), unitName(m.card?.community), m.card?.day].filter(Boolean).join(' · ') }));
    const taken = (answer) => { clear(); setReceipt(answer); scrollTo(0, 0); };
    const submit = (event) => {
        event.preventDefault();
        setTried(true);
        if (!enough(form) || !(form.place.address?.trim() || form.place.lat)) return;
        act.run({ path: '/api/v1/public/reports', lane: 'report', label: form.title, draft: 'report', body: bodyOf(form, ticket), bare: true }, taken);
    };
    const meToo = (like) => act.run({ path: `/api/v1/public/reports/${like.number}/me-too`, lane: 'report', label: t('report.metoo'), draft: 'report', bare: true,
        body: { ...(form.text.trim() && { text: form.text.trim() }), place: placeBody(form.place), ...(bodyOf(form).reporter && { reporter: bodyOf(form).reporter }), ...(ticket && { ticket }) } }, taken);
    return (
        <form class="narrow raise" onSubmit={submit} noValidate>
            <Head title={t('report.title')} lead={t('report.lead')} />
            <Note kind="bad"><p><b>{t('report.danger')}</b></p></Note>
            {restored && <Note kind="wait"><p>{t('form.restored')} <button type="button" class="linklike" onClick={clear}>{t('form.discard')}</button></p></Note>}
            <section class="card"><CategoryField from={source.data.categories || []} value={form.category} onValue={(category) => set({ category, answers: {} })} error={missing(form.category)} /></section>
            <Advice code={form.category} from={source.data.categories || []} />
            <PlaceFields place={form.place} onPlace={(p) => set('place', p)} communities={units.value} wrong={wrong} />
            <section class="card" aria-labelledby="happened">
                <h2 id="happened" class="small-head">{t('raise.happened')}</h2>
                <Text label={t('raise.head')} value={form.title} onValue={(v) => set('title', v)} max={100} required error={missing(form.title.trim())} autoComplete="off" />
                <Text label={t('raise.text')} hint={t('raise.text.hint')} value={form.text} onValue={(v) => set('text', v)} rows={4} max={2000} optional />
            </section>
            <Already found={found && { matches }} waiting={!enough(form)}>{(like) => <Button kind="primary" busy={act.busy} onClick={() => meToo(like)}>{t('report.metoo')}</Button>}</Already>
            <Questions code={form.category} from={source.data.categories || []} answers={form.answers} onAnswers={(answers) => set('answers', answers)} />
            <section class="card" aria-labelledby="contact">
                <h2 id="contact" class="small-head">{t('report.contact')}</h2>
                <p class="small quiet">{t('report.contact.text')}</p>
                <div class="pair">
                    <Text label={t('raise.name')} value={form.name} onValue={(v) => set('name', v)} max={40} optional autoComplete="name" />
                    <Text label={t('raise.phone')} value={form.phone} onValue={(v) => set('phone', v)} max={20} optional type="tel" autoComplete="tel" />
                </div>
            </section>
            <div class="send"><Button type="submit" kind="primary" big busy={act.busy}>{t('report.go')}</Button><ActState act={act} /></div>
        </form>
    );
}

const STEPS = [['submitted_at', 'status.received'], ['dispatched_at', 'status.sent'], ['due_resolve', 'status.due'], ['resolved_at', 'status.resolved']];

function State({ number, found }) {
    const card = found.card || {};
    return (
        <section class="card" aria-live="polite">
            <p class="big-number">{card.number || number}</p>
            <p><span class="chip go">{word('whistle', card.state)}</span> {found.joined && t('status.joined')} {found.unreviewed && t('status.unreviewed')}</p>
            <dl class="facts">
                {card.category && <><dt>{t('whistle.category')}</dt><dd>{found.category ? both(found.category) : card.category}</dd></>}
                {card.community && <><dt>{t('raise.unit')}</dt><dd>{unitName(card.community)}</dd></>}
                {STEPS.map(([field, label]) => found[field] && <Fragment key={field}><dt>{t(label)}</dt><dd>{when(ms(found[field]))}</dd></Fragment>)}
                {found.next && <><dt>{t('next.label')}</dt><dd>{word('action', found.next)}</dd></>}
            </dl>
            {found.bodies?.length > 0 && <ul class="plain lines">{found.bodies.map((b) => <li key={b.zh}><span>{both(b)} <span class="quiet">{word('part', b.part)}</span></span><span class="chip">{word('task', b.state)}</span></li>)}</ul>}
        </section>
    );
}

export function Status() {
    const source = useForm();
    const [form, setForm] = useState({ number: place.value.search.get('number') || '', code: '' });
    const [state, setState] = useState({});
    const submit = async (event) => {
        event.preventDefault();
        setState({ busy: true });
        try {
            const found = await call('POST', '/api/v1/public/status', { body: { number: form.number.trim().toUpperCase(), code: form.code.trim().toUpperCase() }, bare: true, key: uuid7() });
            setState({ found: { ...found, category: (source.data?.categories || []).find((c) => c.code === found.card?.category) } });
        } catch (problem) {
            setState({ problem });
        }
    };
    const wrong = state.problem && [400, 403, 404].includes(state.problem.status);
    return (
        <div class="narrow">
            <Head title={t('status.title')} />
            <form class="card" onSubmit={submit}>
                <Text label={t('report.number')} value={form.number} onValue={(number) => setForm({ ...form, number })} required autoComplete="off" placeholder="AL-20261123-0007" />
                <Text label={t('report.code')} value={form.code} onValue={(code) => setForm({ ...form, code })} required autoComplete="off" max={6} autoCapitalize="characters" />
                <Button type="submit" kind="primary" big busy={state.busy}>{t('status.go')}</Button>
                {wrong ? <div class="note bad" role="alert"><p>{t('status.wrong')}</p></div> : <ProblemBox problem={state.problem} />}
            </form>
            {state.found && <State number={form.number} found={state.found} />}
        </div>
    );
}
