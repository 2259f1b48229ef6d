// SPDX-License-Identifier: Apache-2.0
// Who may log in, as what, until when; their sessions ended at once where it must be.
import { useState } from 'preact/hooks';
import { both, t, word } from '../lib/i18n.js';
import { useResource } from '../lib/resource.js';
import { departments, nameOf, units } from '../lib/store.js';
import { ms, when } from '../lib/time.js';
import { ActState, Button, Dialog, Head, Loaded, Select, Text, useAct } from '../parts/controls.jsx';

const ROLES = ['STREET_OPERATOR', 'STREET_APPROVER', 'DUTY_DESK', 'OFFICER', 'HEAD', 'DISPATCHER', 'LEADER', 'COMMUNITY_WORKER', 'COMMUNITY_SECRETARY', 'GRID_WORKER', 'AUDITOR', 'OPERATOR', 'STEWARD', 'OVERSEER', 'INSPECTOR'];

function identities() {
    const places = units.value.filter((u) => !['GRID', 'DISTRICT'].includes(u.level)).map((u) => [u.code, `${both(u)} ${u.code}`]);
    return [...['DISTRICT', 'OPERATOR', 'AUDITOR'].map((code) => [code, nameOf(code)]), ...departments.value.map((d) => [d.code, both(d)]), ...places];
}

function Form({ title, fields, initial, path, body, onClose, reload }) {
    const act = useAct();
    const [form, setForm] = useState(initial);
    const submit = (event) => {
        event.preventDefault();
        act.run({ path, lane: 'people', label: title, body: body(form) }, () => { onClose(); reload(); });
    };
    return (
        <Dialog title={title} onClose={onClose}>
            <form onSubmit={submit}>
                {fields(form, (more) => setForm({ ...form, ...more }))}
                <ActState act={act} />
                <div class="buttons"><Button type="submit" kind="primary" busy={act.busy}>{t('form.send')}</Button><Button onClick={onClose}>{t('form.cancel')}</Button></div>
            </form>
        </Dialog>
    );
}

const postFields = (f, set) => (
    <>
        <Select label={t('people.identity')} value={f.identity} onValue={(identity) => set({ identity })} required options={identities()} />
        <Select label={t('people.role')} value={f.role} onValue={(role) => set({ role })} required options={ROLES.map((r) => [r, word('role', r)])} />
    </>
);

function Person({ person: p, reload }) {
    const [open, setOpen] = useState('');
    const act = useAct();
    const at = `/api/v1/people/${p.code}`;
    const close = () => setOpen('');
    return (
        <li class="card person">
            <div class="section-head"><h2>{p.name || p.code}</h2><span class="number">{p.code}</span>{p.sessions > 0 && <span class="chip">{t('people.sessions', { n: p.sessions })}</span>}</div>
            <ul class="plain lines">
                {(p.posts || []).map((post) => (
                    <li key={post.identity + post.role}>
                        <span>{nameOf(post.identity)} · {word('role', post.role)}{post.until_at && ` · ${t('account.until', { at: when(ms(post.until_at)) })}`}{post.standing_in_for && ` · ${t('account.for', { who: post.standing_in_for })}`}</span>
                        <Button kind="plain" busy={act.busy} onClick={() => act.run({ path: `${at}/end`, lane: 'people', label: t('people.post.end'), body: { identity: post.identity, role: post.role } }, reload)}>{t('people.post.end')}</Button>
                    </li>
                ))}
            </ul>
            <div class="buttons"><Button onClick={() => setOpen('post')}>{t('people.post.add')}</Button><Button onClick={() => setOpen('password')}>{t('people.reset')}</Button></div>
            <ActState act={act} />
            {open === 'post' && <Form title={t('people.post.add')} initial={{ identity: '', role: '' }} path={`${at}/post`} body={(f) => f} fields={postFields} onClose={close} reload={reload} />}
            {open === 'password' && <Form title={t('people.reset')} initial={{ password: '' }} path={`${at}/password`} body={(f) => f} onClose={close} reload={reload}
                fields={(f, set) => <Text label={t('account.new')} value={f.password} onValue={(password) => set({ password })} type="password" autoComplete="new-password" required minLength={12} />} />}
        </li>
    );
}

export default function People() {
    const people = useResource('/api/v1/people', () => false);
    const [adding, setAdding] = useState(false);
    return (
        <>
            <Head title={t('people.title')}><Button kind="primary" onClick={() => setAdding(true)}>{t('people.add')}</Button></Head>
            <Loaded resource={people}>{(data) => (data.people?.length ? <ul class="plain stack">{data.people.map((p) => <Person key={p.code} person={p} reload={people.reload} />)}</ul> : <p class="calm">{t('people.none')}</p>)}</Loaded>
            {adding && <Form title={t('people.add')} initial={{ code: '', name: '', login: '', password: '', identity: '', role: '' }} path="/api/v1/people" onClose={() => setAdding(false)} reload={people.reload}
                body={({ identity, role, ...f }) => ({ ...f, ...(identity && role && { posts: [{ identity, role }] }) })}
                fields={(f, set) => (
                    <>
                        <Text label={t('people.code')} value={f.code} onValue={(code) => set({ code })} required autoComplete="off" />
                        <Text label={t('people.name')} value={f.name} onValue={(name) => set({ name })} required autoComplete="off" />
                        <Text label={t('people.login')} value={f.login} onValue={(login) => set({ login })} required autoComplete="off" />
                        <Text label={t('people.first')} value={f.password} onValue={(password) => set({ password })} type="password" autoComplete="new-password" required minLength={12} />
                        {postFields(f, set)}
                    </>
                )} />}
        </>
    );
}
