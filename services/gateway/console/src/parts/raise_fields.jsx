// SPDX-License-Identifier: Apache-2.0
// The parts of the form to raise something: what (category with its questions and advice), where
// (community, grid, address, a point), the same for streets, communities and residents.
import { useState } from 'preact/hooks';
import { both, t, word } from '../lib/i18n.js';
import { categories, categoryOf, units } from '../lib/store.js';
import { Button, Choice, cls, Note, Select, Text } from './controls.jsx';
import { Pick } from './map.jsx';

const KINDS = ['应急处置', '综合执法', '重点工作'];
const fits = (c, text) => !text || `${c.zh} ${c.en} ${c.code}`.toLowerCase().includes(text.toLowerCase());

export function CategoryField({ value, onValue, error, from = categories.value }) {
    const [find, setFind] = useState('');
    const chosen = from.find((c) => c.code === value);
    if (chosen) {
        return (
            <div class="chosen-category">
                <p><b>{both(chosen)}</b> {chosen.priority && <span class={cls('priority', chosen.priority)}>{word('priority', chosen.priority)}</span>}</p>
                <Button onClick={() => onValue('')}>{t('form.change')}</Button>
            </div>
        );
    }
    const found = from.filter((c) => fits(c, find));
    const groups = [...new Set([...KINDS, ...found.map((c) => c.kind)])];
    return (
        <div class={cls('category', error && 'wrong')}>
            <Text label={t('raise.what')} hint={t('raise.search')} value={find} onValue={setFind} type="search" required error={error} />
            {groups.map((kind) => {
                const list = found.filter((c) => c.kind === kind);
                return list.length > 0 && (
                    <div key={kind} role="group" aria-label={kind ? t(`raise.kind.${kind}`) : t('raise.what')}>
                        {kind && <p class="group-name">{t(`raise.kind.${kind}`)}</p>}
                        <div class="choices">
                            {list.map((c) => <button type="button" key={c.code} class={cls('option', c.priority)} onClick={() => onValue(c.code)}>{both(c)}</button>)}
                        </div>
                    </div>
                );
            })}
        </div>
    );
}

export function Advice({ code, from }) {
    const category = from ? from.find((c) => c.code === code) : categoryOf(code);
    const text = category && both({ zh: category.advice_zh, en: category.advice_en });
    if (!text) return null;
    return <Note kind="bad" title={t('raise.advice')}><p>{text}</p></Note>;
}

function Question({ question: q, value, onValue, wrong }) {
    const label = both(q);
    const common = { label, value, onValue, required: q.required, error: wrong && t('form.missing') };
    if (q.type === 'BOOL') return <Choice {...common} quiet options={[['true', t('form.yes')], ['false', t('form.no')]]} />;
    if (q.type === 'CHOICE') return <Choice {...common} quiet options={(q.values || []).map((v) => [v, v])} />;
    if (q.type === 'INT' || q.type === 'NUMBER')
        return <Text {...common} type="number" inputMode="decimal" min={q.min} max={undefined} step={q.type === 'INT' ? 1 : 'any'} />;
    return <Text {...common} max={200} />;
}

export function Questions({ code, answers, onAnswers, from, tried }) {
    const category = from ? from.find((c) => c.code === code) : categoryOf(code);
    if (!category?.questions?.length) return null;
    return (
        <section class="card" aria-labelledby="questions">
            <h2 id="questions" class="small-head">{t('raise.questions')}</h2>
            {category.questions.map((q) => (
                <Question key={q.code} question={q} value={answers[q.code] || ''} wrong={tried && q.required && !answers[q.code]}
                    onValue={(v) => onAnswers({ ...answers, [q.code]: v })} />
            ))}
        </section>
    );
}

const isGrid = (u) => u.level === 'GRID';

// place: {unit, grid, address, lat, lon}; within: the units one may choose from, by their parent.
export function PlaceFields({ place, onPlace, communities, street, wrong }) {
    const [map, setMap] = useState(place.lat !== undefined);
    const grids = units.value.filter((u) => isGrid(u) && u.parent === place.unit);
    const set = (fields) => onPlace({ ...place, ...fields });
    const point = place.lat === undefined || place.lat === null ? null : { lat: place.lat, lon: place.lon };
    return (
        <section class="card" aria-labelledby="where">
            <h2 id="where" class="small-head">{t('raise.where')}</h2>
            <div class="pair">
                <Select label={t('raise.unit')} value={place.unit} onValue={(unit) => set({ unit, grid: '' })} required error={wrong.unit}
                    empty={communities.length > 1 ? undefined : false} options={communities.map((u) => [u.code, both(u)])} />
                {grids.length > 0 && <Select label={t('raise.grid')} value={place.grid} onValue={(grid) => set({ grid })} optional options={grids.map((u) => [u.code, both(u)])} />}
            </div>
            <Text label={t('raise.address')} hint={t('raise.address.hint')} value={place.address} onValue={(address) => set({ address })} max={200} required error={wrong.address} autoComplete="off" />
            <Button onClick={() => setMap(!map)} aria-expanded={map}>{t('raise.map')}</Button>
            {map && <Pick street={street} unit={place.unit} value={point} onValue={(p) => set(p || { lat: undefined, lon: undefined })} />}
        </section>
    );
}

export function placeBody(place) {
    const { unit, grid, address, lat, lon } = place;
    return { unit, ...(grid && { grid }), ...(address?.trim() && { address: address.trim() }), ...(lat !== undefined && lat !== null && { lat, lon }) };
}

// Answers that are wrong types would be refused: numbers stay text, the service checks them.
export const answersBody = (answers) => Object.entries(answers).filter(([, v]) => v !== '').map(([code, value]) => ({ code, value: String(value) }));

