// SPDX-License-Identifier: Apache-2.0
// Who may log in, as what, until when; their sessions ended at once where it must be.
import { useState } from 'preact/hooks';
import { both, t, word } from '../lib/i18n.js';
import { useResource } from '../lib/resource.js';
import { departments, nameOf, units } from '../lib/store.js';
import { ms, when } from '../lib/time.js';
import { ActState, Button, Copy, Dialog, Head, Loaded, Select, Text, useAct } from '../parts/controls.jsx';

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
        act.run({ path, lane: 'people', label: title, body: body(form) }, (made) => { onClose(made); reload(); });
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
        <Text label={t('people.until')} type="datetime-local" value={f.until} onValue={(until) => set({ until })} />
    </>
);

// A password that was made: shown this once, for whoever hands it over.
function Made({ made, onClose }) {
    return (
        <Dialog title={t('people.made')} onClose={onClose}>
            <dl class="facts"><dt>{t('people.login')}</dt><dd class="big-number">{made.login}</dd><dt>{t('login.password')}</dt><dd class="big-number">{made.password}</dd></dl>
            <p>{t('people.made.text')}</p>
            <div class="buttons"><Copy text={() => `${made.login} ${made.password}`} label={t('form.copy')} /><Button onClick={onClose}>{t('form.close')}</Button></div>
        </Dialog>
    );
}

function Person({ person: p, reload, onMade }) {
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
                        <Button kind="plain" busy={act.busy} onClick={() => act.run({ path: `${at}/posts/end`, lane: 'people', label: t('people.post.end'), body: { identity: post.identity, role: post.role } }, reload)}>{t('people.post.end')}</Button>
                    </li>
                ))}
            </ul>
            <div class="buttons"><Button onClick={() => setOpen('post')}>{t('people.post.add')}</Button><Button busy={act.busy} onClick={() => act.run({ path: `${at}/password`, lane: 'people', label: t('people.reset') }, onMade)}>{t('people.reset')}</Button>
                <Button kind="danger" busy={act.busy} onClick={() => setOpen('end')}>{t('people.end')}</Button></div>
            <ActState act={act} />
            {open === 'post' && <Form title={t('people.post.add')} initial={{ identity: '', role: '', until: '' }} path={`${at}/posts`} body={(f) => ({ identity: f.identity, role: f.role, ...(f.until && { until_at: new Date(f.until).toISOString() }) })} fields={postFields} onClose={close} reload={reload} />}
            {open === 'end' && <Form title={t('people.end')} initial={{}} path={`${at}/end`} body={() => ({})} onClose={close} reload={reload} fields={() => <p>{t('people.end.text', { name: p.name || p.code })}</p>} />}
        </li>
    );
}

export default function People() {
    const people = useResource('/api/v1/people', () => false);
    const [adding, setAdding] = useState(false);
    const [made, setMade] = useState(null);
    return (
        <>
            <Head title={t('people.title')}><Button kind="primary" onClick={() => setAdding(true)}>{t('people.add')}</Button></Head>
            <Loaded resource={people}>{(data) => (data.people?.some((p) => !p.ended_at) ? <ul class="plain stack">{data.people.filter((p) => !p.ended_at).map((p) => <Person key={p.code} person={p} reload={people.reload} onMade={setMade} />)}</ul> : <p class="calm">{t('people.none')}</p>)}</Loaded>
            {adding && <Form title={t('people.add')} initial={{ code: '', name: '', login: '', identity: '', role: '', until: '' }} path="/api/v1/people" onClose={(found) => { setAdding(false); if (found?.password) setMade(found); }} reload={people.reload}
                body={({ identity, role, until, login, ...f }) => ({ ...f, ...(login && { login }), post: { identity, role }, ...(until && { until_at: new Date(until).toISOString() }) })}
                fields={(f, set) => (
                    <>
                        <Text label={t('people.code')} value={f.code} onValue={(code) => set({ code })} required autoComplete="off" />
                        <Text label={t('people.name')} value={f.name} onValue={(name) => set({ name })} required autoComplete="off" />
                        <Text label={t('people.login')} value={f.login} onValue={(login) => set({ login })} optional autoComplete="off" />
                        {postFields(f, set)}
                    </>
                )} />}
            {made && <Made made={made} onClose={() => setMade(null)} />}
        </>
    );
}
