// SPDX-License-Identifier: Apache-2.0
// The form to blow a whistle. What is typed is kept until the server has given it a number; joining one
// that is known already is one click.
import { useState } from 'preact/hooks';
import { t, word } from '../lib/i18n.js';
import { post, sender, waiting } from '../lib/outbox.js';
import { below, categoryOf, session, side, unitOf } from '../lib/store.js';
import { useDraft } from '../lib/draft.js';
import { ActState, Button, Check, Choice, Head, Note, Select, Text, useAct } from '../parts/controls.jsx';
import { Already, usePreview, WillHappen } from '../parts/preview.jsx';
import { Advice, answersBody, CategoryField, placeBody, PlaceFields, Questions } from '../parts/raise_fields.jsx';
import { both } from '../lib/i18n.js';

const EMPTY = { category: '', title: '', text: '', priority: '', reason: '', place: { unit: '', grid: '', address: '' },
    answers: {}, needs: [], asked_by: '', source: '', reporter: { name: '', phone: '' }, drill: false };
const NEED = { kind: 'PEOPLE', item: '', skill: '', count: '', per: 'SHIFT' };

// Which communities this post raises for.
function communitiesOf(identity) {
    const unit = unitOf(identity);
    if (!unit) return [];
    if (['COMMUNITY', 'VILLAGE'].includes(unit.level)) return [unit];
    if (unit.level === 'GRID') return [unitOf(unit.parent)].filter(Boolean);
    return below(identity);
}

function bodyOf(form, identity) {
    const reporter = Object.fromEntries(Object.entries(form.reporter).filter(([, v]) => v.trim()));
    const needs = form.needs.filter((n) => Number(n.count) > 0).map((n) => ({ kind: n.kind, count: Number(n.count), per: n.per,
        ...(n.kind === 'SUPPLY' ? n.item.trim() && { item: n.item.trim() } : n.skill.trim() && { skill: n.skill.trim() }) }));
    const hotline = side.value === 'street' && (form.source === 'HOTLINE' || reporter.phone);
    return {
        unit: identity, category: form.category, title: form.title.trim(), ...(form.text.trim() && { text: form.text.trim() }),
        place: placeBody(form.place), ...(form.priority && { priority: form.priority }), ...(form.reason.trim() && form.priority === 'P1' && { reason: form.reason.trim() }),
        ...(form.asked_by && { asked_by: form.asked_by }), source: form.source || (hotline ? 'HOTLINE' : side.value === 'community' ? 'COMMUNITY' : 'STREET'),
        ...(Object.keys(form.answers).length && { answers: answersBody(form.answers) }), ...(needs.length && { needs }),
        ...(Object.keys(reporter).length && { reporter }), ...(form.drill && { drill: true }),
    };
}

function Needs({ needs, onNeeds }) {
    const set = (i, fields) => onNeeds(needs.map((n, k) => (k === i ? { ...n, ...fields } : n)));
    return (
        <details class="card" open={needs.length > 0}>
            <summary>{t('raise.needs')}</summary>
            {needs.map((n, i) => (
                <div key={i} class="need">
                    <Select label={t('whistle.needs')} value={n.kind} onValue={(kind) => set(i, { kind })} empty={false} options={['PEOPLE', 'CADRE', 'SUPPLY'].map((k) => [k, word('need', k)])} />
                    {n.kind === 'SUPPLY' ? <Text label={t('raise.needs.item')} value={n.item} onValue={(item) => set(i, { item })} max={40} />
                        : <Text label={t('raise.needs.skill')} value={n.skill} onValue={(skill) => set(i, { skill })} max={40} optional />}
                    <Text label={t('raise.needs.count')} type="number" min={1} value={n.count} onValue={(count) => set(i, { count })} />
                    <Select label={t('raise.needs.per')} value={n.per} onValue={(per) => set(i, { per })} empty={false} options={['SHIFT', 'DAY', 'ONCE'].map((p) => [p, word('per', p)])} />
                    <Button onClick={() => onNeeds(needs.filter((_, k) => k !== i))}>{t('raise.remove')}</Button>
                </div>
            ))}
            <Button onClick={() => onNeeds([...needs, NEED])}>{t('raise.needs.add')}</Button>
        </details>
    );
}

function StreetParts({ form, set, communities }) {
    const category = categoryOf(form.category);
    return (
        <>
            {category && <Select label={t('whistle.priority')} value={form.priority} onValue={(v) => set('priority', v)} optional
                empty={t('raise.priority.default', { p: word('priority', category?.priority) })} options={['P1', 'P2', 'P3', 'P4'].map((p) => [p, word('priority', p)])} />}
            {form.priority === 'P1' && category?.priority !== 'P1' && <Text label={t('raise.reason')} value={form.reason} onValue={(v) => set('reason', v)} max={300} required />}
            <details class="card">
                <summary>{t('raise.reporter')}</summary>
                <p class="small quiet">{t('raise.reporter.text')}</p>
                <Choice label={t('raise.source')} quiet value={form.source || 'STREET'} onValue={(v) => set('source', v)} options={['STREET', 'COMMUNITY', 'HOTLINE'].map((s) => [s, word('source', s)])} />
                <div class="pair">
                    <Text label={t('raise.name')} value={form.reporter.name} onValue={(name) => set('reporter', { ...form.reporter, name })} max={40} optional autoComplete="off" />
                    <Text label={t('raise.phone')} value={form.reporter.phone} onValue={(phone) => set('reporter', { ...form.reporter, phone })} max={20} optional type="tel" autoComplete="off" />
                </div>
                <Select label={t('raise.asked')} value={form.asked_by} onValue={(v) => set('asked_by', v)} optional options={communities.map((u) => [u.code, both(u)])} />
            </details>
        </>
    );
}

function Done({ number, joined, onAgain }) {
    return (
        <div class="narrow">
            <Head title={t(joined ? 'join.joined' : 'raise.done', { number: joined })} />
            <Note kind="good" live><p>{t('raise.done.text', { number: joined || number })}</p></Note>
            <div class="buttons">
                <a class="button primary big" href={`/whistles/${joined || number}`}>{t('raise.done.open')}</a>
                <Button onClick={onAgain}>{t('raise.done.again')}</Button>
            </div>
        </div>
    );
}

const enough = (form) => form.category && form.place.unit && form.title.trim().length >= 2;

function wrongOf(form) {
    const missing = t('form.missing');
    return {
        category: !form.category && missing, title: !form.title.trim() && missing, unit: !form.place.unit && missing,
        address: !form.place.address?.trim() && form.place.lat === undefined && missing,
    };
}

// While one waits to be sent there is no form: nobody blows the same whistle twice.
export default function Raise() {
    const [mine, setMine] = useState(false);
    const held = waiting.value.find((e) => e.lane === 'raise' && e.who === sender.value && !e.refused);
    if (!held || mine) return <Form onSend={setMine} />;
    return <div class="narrow"><Head title={t('raise.title')} /><Note kind="wait" live><p>{t('raise.saved')}</p><p>{held.label}</p></Note></div>;
}

function Form({ onSend }) {
    const me = session.value.post.identity;
    const communities = communitiesOf(me);
    const only = communities.length === 1 ? communities[0].code : '';
    const [form, set, clear, restored] = useDraft('raise', { ...EMPTY, place: { ...EMPTY.place, unit: only } });
    const [done, setDone] = useState(null);
    const [tried, setTried] = useState(false);
    const act = useAct();
    const body = bodyOf(form, me);
    const found = usePreview('/api/v1/preview', enough(form) ? body : null);
    const wrong = tried ? wrongOf(form) : {};
    const send = (then) => (onSend(true), act.run({ path: '/api/v1/whistles', lane: 'raise', label: `${t('raise.go')} ${form.title}`, draft: 'raise', body }, (answer) => {
        clear();
        setTried(false);
        then(answer.ref || answer.number);
        scrollTo(0, 0);
    }));
    const submit = (event) => {
        event.preventDefault();
        setTried(true);
        if (Object.values(wrongOf(form)).some(Boolean)) return document.querySelector('.wrong, [aria-invalid]')?.scrollIntoView({ block: 'center' });
        return send((number) => setDone({ number }));
    };
    // "That is it": raised, so that whoever reported is counted, and joined in the same breath.
    const meToo = (like) => send((number) => {
        post({ path: `/api/v1/whistles/${number}/join`, lane: number, label: `${t('join.join')} ${number}`, body: { into: like.number } }).catch(() => {});
        setDone({ number, joined: like.number });
    });
    if (done) return <Done {...done} onAgain={() => setDone(null)} />;
    return (
        <form class="narrow raise" onSubmit={submit} noValidate>
            <Head title={t('raise.title')} />
            {restored && form.category && <Note kind="wait"><p>{t('form.restored')} <button type="button" class="linklike" onClick={clear}>{t('form.discard')}</button></p></Note>}
            <section class="card"><CategoryField value={form.category} onValue={(category) => set({ category, answers: {} })} error={wrong.category} /></section>
            <Advice code={form.category} />
            <PlaceFields place={form.place} onPlace={(place) => set('place', place)} communities={communities} street={side.value === 'street' ? me : unitOf(me)?.parent} wrong={wrong} />
            <section class="card" aria-labelledby="happened">
                <h2 id="happened" class="small-head">{t('raise.happened')}</h2>
                <Text label={t('raise.head')} value={form.title} onValue={(v) => set('title', v)} max={100} required error={wrong.title} autoComplete="off" />
                <Text label={t('raise.text')} hint={t('raise.text.hint')} value={form.text} onValue={(v) => set('text', v)} rows={4} max={5000} optional />
            </section>
            <Already found={found} waiting={!enough(form)}>
                {(like) => !like.resolved_at && <Button kind="primary" busy={act.busy} onClick={() => meToo(like)}>{t('raise.same.metoo')}</Button>}
            </Already>
            <Questions code={form.category} answers={form.answers} onAnswers={(answers) => set('answers', answers)} tried={false} />
            {side.value === 'street' && <StreetParts form={form} set={set} communities={communities} />}
            <Needs needs={form.needs} onNeeds={(needs) => set('needs', needs)} />
            <Check label={t('raise.drill')} checked={form.drill} onValue={(v) => set('drill', v)} />
            <div class="send">
                <WillHappen found={found} />
                <Button type="submit" kind="primary" big busy={act.busy}>{t(found?.waits_for_review ? 'raise.go.review' : 'raise.go')}</Button>
                {act.queued ? <Note kind="wait" live><p>{t('raise.saved')}</p></Note> : <ActState act={act} />}
            </div>
        </form>
    );
}
