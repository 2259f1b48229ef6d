// SPDX-License-Identifier: Apache-2.0
// One's own posts, the places where one is logged in, the password.
import { useState } from 'preact/hooks';
import { call } from '../lib/api.js';
import { t, word } from '../lib/i18n.js';
import { useResource } from '../lib/resource.js';
import { changePost, logout, nameOf, session } from '../lib/store.js';
import { go } from '../lib/router.js';
import { ms, when } from '../lib/time.js';
import { Button, Head, Loaded, Note, ProblemBox, Text } from '../parts/controls.jsx';

function Posts() {
    const [problem, setProblem] = useState(null);
    const { post, posts = [] } = session.value;
    const use = (p) => changePost(p).then(() => go('/')).catch(setProblem);
    return (
        <section class="card" aria-labelledby="posts">
            <h2 id="posts" class="small-head">{t('account.posts')}</h2>
            <p class="small quiet">{t('account.posts.text')}</p>
            <ul class="plain lines">
                {posts.map((p) => {
                    const current = p.identity === post.identity && p.role === post.role;
                    return (
                        <li key={p.identity + p.role}>
                            <span><b>{nameOf(p.identity)}</b> · {word('role', p.role)}{p.until_at && ` · ${t('account.until', { at: when(ms(p.until_at)) })}`}{p.standing_in_for && ` · ${t('account.for', { who: p.standing_in_for })}`}</span>
                            {current ? <span class="chip good">{t('account.current')}</span> : <Button onClick={() => use(p)}>{t('account.use')}</Button>}
                        </li>
                    );
                })}
            </ul>
            <ProblemBox problem={problem} />
        </section>
    );
}

function Sessions() {
    const sessions = useResource('/api/v1/sessions', () => false);
    const end = async (id) => {
        await call('DELETE', `/api/v1/sessions/${id}`).catch(() => {});
        sessions.reload();
    };
    return (
        <section class="card" aria-labelledby="sessions">
            <h2 id="sessions" class="small-head">{t('account.sessions')}</h2>
            <Loaded resource={sessions}>
                {(data) => (
                    <ul class="plain lines">
                        {(data.sessions || []).map((s) => (
                            <li key={s.id}>
                                <span>{s.address} <span class="quiet small">{s.agent}</span> <span class="small">{t('account.used', { at: when(ms(s.used_at)) })}</span></span>
                                {s.current ? <span class="chip good">{t('account.this')}</span> : <Button onClick={() => end(s.id)}>{t('account.end')}</Button>}
                            </li>
                        ))}
                    </ul>
                )}
            </Loaded>
        </section>
    );
}

function Password() {
    const [form, setForm] = useState({ old: '', new: '' });
    const [state, setState] = useState({});
    const submit = async (event) => {
        event.preventDefault();
        setState({ busy: true });
        try {
            await call('POST', '/api/v1/session/password', { body: form });
            setForm({ old: '', new: '' });
            setState({ done: true });
        } catch (problem) {
            setState({ problem });
        }
    };
    return (
        <form class="card" onSubmit={submit} aria-labelledby="password">
            <h2 id="password" class="small-head">{t('account.password')}</h2>
            <Text label={t('account.old')} type="password" autoComplete="current-password" value={form.old} onValue={(v) => setForm({ ...form, old: v })} required />
            <Text label={t('account.new')} type="password" autoComplete="new-password" minLength={12} value={form.new} onValue={(v) => setForm({ ...form, new: v })} required />
            <Button type="submit" busy={state.busy}>{t('account.password')}</Button>
            <ProblemBox problem={state.problem} />
            {state.done && <Note kind="good" live><p>{t('account.changed')}</p></Note>}
        </form>
    );
}

export default function Account() {
    return (
        <div class="narrow">
            <Head title={t('account.title')}><Button onClick={() => logout().catch(() => {}).then(() => go('/'))}>{t('app.logout')}</Button></Head>
            <Posts />
            <Sessions />
            <Password />
        </div>
    );
}
