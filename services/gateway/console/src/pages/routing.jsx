// SPDX-License-Identifier: Apache-2.0
// The routing table: edit rows here, look for holes, replay the last days against them, then adopt. What
// is edited stays a draft of this browser until it is adopted or thrown away.
import { useState } from 'preact/hooks';
import { both, t } from '../lib/i18n.js';
import { useResource } from '../lib/resource.js';
import { useDraft } from '../lib/draft.js';
import { categories, categoryName, departments, may, nameOf, units } from '../lib/store.js';
import { call, serverNow } from '../lib/api.js';
import { ActState, Button, Head, Loaded, Note, ProblemBox, Select, Text, useAct } from '../parts/controls.jsx';

const DAYS = 30;
const rowKey = (r) => [r.category, r.unit || '', r.tag || ''].join('/');
const plain = (r) => ({ category: r.category, ...(r.unit && { unit: r.unit }), ...(r.tag && { tag: r.tag }), ...(r.lead && { lead: r.lead }), supports: r.supports || [] });
const same = (a, b) => JSON.stringify(plain(a)) === JSON.stringify(plain(b));

function changesOf(old, rows) {
    const before = new Map(old.map((r) => [rowKey(r), r]));
    const changed = rows.filter((r) => !before.has(rowKey(r)) || !same(before.get(rowKey(r)), r)).length;
    const gone = old.filter((r) => !rows.some((x) => rowKey(x) === rowKey(r))).length;
    return changed + gone;
}

const areas = () => units.value.filter((u) => u.level !== 'GRID' && u.level !== 'DISTRICT');

function RowEditor({ row, onRow, onRemove }) {
    const set = (fields) => onRow({ ...row, ...fields });
    const bodies = departments.value.map((d) => [d.code, both(d)]);
    const toggle = (code) => set({ supports: (row.supports || []).includes(code) ? row.supports.filter((s) => s !== code) : [...(row.supports || []), code] });
    return (
        <div class="route-editor">
            <div class="pair">
                <Select label={t('routing.unit')} value={row.unit} onValue={(unit) => set({ unit })} empty={t('routing.everywhere')} options={areas().map((u) => [u.code, both(u)])} />
                <Text label={t('routing.tag')} value={row.tag} onValue={(tag) => set({ tag })} max={40} optional />
                <Select label={t('routing.lead')} value={row.lead} onValue={(lead) => set({ lead })} required={!row.tag} options={bodies} />
            </div>
            <fieldset><legend>{t('routing.supports')}</legend>
                <div class="choices small">{bodies.filter(([code]) => code !== row.lead).map(([code, name]) => (
                    <label key={code} class={`option ${(row.supports || []).includes(code) ? 'on' : ''}`}><input type="checkbox" checked={(row.supports || []).includes(code)} onChange={() => toggle(code)} /><span>{name}</span></label>
                ))}</div>
            </fieldset>
            <Button onClick={onRemove}>{t('raise.remove')}</Button>
        </div>
    );
}

function Row({ row, onRow, onRemove, edits }) {
    const [open, setOpen] = useState(false);
    return (
        <tr>
            <th scope="row">{categoryName(row.category)}</th>
            <td>{row.unit ? nameOf(row.unit) : t('routing.everywhere')}{row.tag && <span class="chip">{row.tag}</span>}</td>
            <td>{open ? <RowEditor row={row} onRow={onRow} onRemove={onRemove} /> : <><b>{nameOf(row.lead)}</b> <span class="quiet">{(row.supports || []).map(nameOf).join('、')}</span></>}</td>
            {edits && <td><button type="button" class="linklike" aria-expanded={open} aria-label={`${t('form.more')} ${categoryName(row.category)}`} onClick={() => setOpen(!open)}>{open ? '▴' : '▾'}</button></td>}
        </tr>
    );
}

const holeText = (h) => [categoryName(h.category), h.unit && nameOf(h.unit), h.rule, h.department && nameOf(h.department)].filter(Boolean).join(' · ');

function Checked({ found }) {
    if (!found) return null;
    const holes = found.holes || [];
    return (
        <>
            {holes.length === 0 ? <Note kind="good" live><p>{t('routing.ok', { pairs: found.pairs })}</p></Note>
                : <Note kind="bad" title={t('routing.holes', { n: holes.length })} live><ul>{holes.slice(0, 30).map((h, i) => <li key={i}>{holeText(h)}</li>)}</ul></Note>}
            {found.warnings?.length > 0 && <Note kind="wait" title={t('routing.warnings', { n: found.warnings.length })}><ul>{found.warnings.slice(0, 30).map((h, i) => <li key={i}>{holeText(h)}</li>)}</ul></Note>}
        </>
    );
}

function Simulated({ sum: s }) {
    if (!s) return null;
    const n = (v) => v || 0;
    return (
        <Note live>
            <p>{t('routing.dry.sum', { whistles: n(s.whistles), changed: n(s.changed), leads: n(s.leads_changed), added: n(s.departments_added), dropped: n(s.departments_dropped), before: n(s.overdue_before), after: n(s.overdue_after) })}</p>
            {s.lines?.length > 0 && <ul class="small">{s.lines.slice(0, 20).map((l) => <li key={l.number}><a href={`/whistles/${l.number}`}>{l.number}</a> {nameOf(l.lead_before)} → {nameOf(l.lead_after) || l.unrouted} {(l.added || []).map((d) => `+${nameOf(d)}`).join(' ')} {(l.dropped || []).map((d) => `−${nameOf(d)}`).join(' ')}</li>)}</ul>}
        </Note>
    );
}

function Explain() {
    const [form, setForm] = useState({ category: '', unit: '' });
    const path = form.category && form.unit ? `/api/v1/routing/explain?category=${form.category}&unit=${form.unit}` : null;
    const found = useResource(path, () => false);
    const communities = units.value.filter((u) => ['COMMUNITY', 'VILLAGE'].includes(u.level));
    return (
        <section class="card" aria-labelledby="explain">
            <h2 id="explain" class="small-head">{t('routing.explain')}</h2>
            <div class="pair">
                <Select label={t('routing.category')} value={form.category} onValue={(category) => setForm({ ...form, category })} options={categories.value.map((c) => [c.code, both(c)])} />
                <Select label={t('raise.unit')} value={form.unit} onValue={(unit) => setForm({ ...form, unit })} options={communities.map((u) => [u.code, both(u)])} />
            </div>
            {path && <Loaded resource={found}>{(r) => <p role="status"><b>{t('part.LEAD')}: {nameOf(r.lead)}</b> · {t('part.SUPPORT')}: {(r.supports || []).map(nameOf).join('、')}</p>}</Loaded>}
        </section>
    );
}

function Editor({ live, reload }) {
    const [draft, set, clear] = useDraft(`routing.${live.version}`, { rows: null });
    const [find, setFind] = useState('');
    const [state, setState] = useState({});
    const act = useAct();
    const edits = may('DISPATCHER');
    const rows = draft.rows || live.routes;
    const changes = changesOf(live.routes, rows);
    const edit = (next) => { set('rows', next); setState({}); };
    const ask = async (what, path, more) => {
        setState((s) => ({ ...s, busy: what, problem: null }));
        try {
            const answer = await call('POST', path, { body: { routes: rows.map(plain), expect_version: live.version, ...more }, timeout: 60000 });
            setState((s) => ({ ...s, busy: '', [what]: answer }));
        } catch (problem) {
            setState({ problem });
        }
    };
    const adopt = () => act.run({ path: '/api/v1/routing', lane: 'routing', label: t('routing.adopt'), body: { routes: rows.map(plain), expect_version: live.version } }, () => { clear(); reload(); });
    const shown = rows.map((row, i) => [row, i]).filter(([r]) => !find || `${categoryName(r.category)} ${r.category} ${nameOf(r.lead)} ${nameOf(r.unit)} ${r.tag || ''}`.toLowerCase().includes(find.toLowerCase()));
    const safe = state.check && !(state.check.holes || []).length;
    return (
        <>
            <div class="filters"><Text label={t('routing.filter')} type="search" value={find} onValue={setFind} /><p class="quiet small">{t('routing.version', { n: live.version })}</p></div>
            <div class="buttons">
                <Button busy={state.busy === 'check'} onClick={() => ask('check', '/api/v1/routing/check')}>{t('routing.check')}</Button>
                <Button busy={state.busy === 'simulation'} disabled={!changes} onClick={() => ask('simulation', '/api/v1/routing/simulate', { from_at: new Date(serverNow() - DAYS * 864e5).toISOString(), to_at: new Date(serverNow()).toISOString(), lines: 20 })}>{t('routing.dry', { days: DAYS })}</Button>
                {changes > 0 && <><Button kind="primary" disabled={!safe} busy={act.busy} onClick={adopt}>{t('routing.adopt')}</Button><Button onClick={clear}>{t('routing.undo')}</Button><span class="chip wait">{t('routing.changed', { n: changes })}</span></>}
            </div>
            <ProblemBox problem={state.problem} />
            <ActState act={act} />
            {act.done && <Note kind="good" live><p>{t('routing.adopted')}</p></Note>}
            <Checked found={state.check} />
            <Simulated sum={state.simulation} />
            <div class="scroll" tabIndex={0} role="group" aria-label={t('routing.title')}>
                <table>
                    <thead><tr><th scope="col">{t('routing.category')}</th><th scope="col">{t('routing.unit')}</th><th scope="col">{t('whistle.departments')}</th>{edits && <th scope="col">{t('form.more')}</th>}</tr></thead>
                    <tbody>{shown.map(([row, i]) => <Row key={i} row={row} edits={edits} onRow={(r) => edit(rows.map((x, k) => (k === i ? r : x)))} onRemove={() => edit(rows.filter((_, k) => k !== i))} />)}</tbody>
                </table>
            </div>
            {edits && <Select label={t('routing.add')} value="" onValue={(category) => category && edit([...rows, { category, unit: '', tag: '', lead: '', supports: [] }])} options={categories.value.map((c) => [c.code, both(c)])} />}
        </>
    );
}

export default function Routing() {
    const routing = useResource('/api/v1/routing', () => false);
    return (
        <>
            <Head title={t('routing.title')} lead={t('routing.text')} />
            <Explain />
            <Loaded resource={routing}>{(live) => <Editor key={live.version} live={{ version: live.version, routes: live.routes || [] }} reload={routing.reload} />}</Loaded>
        </>
    );
}
