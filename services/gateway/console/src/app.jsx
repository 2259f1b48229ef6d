// SPDX-License-Identifier: Apache-2.0
// What stands around every page: the name of the post, navigation, whether things are live, what waits to
// be sent. Which page is shown follows from the address and the post.
import { useEffect, useState } from 'preact/hooks';
import { reachable } from './lib/api.js';
import { language, speak, t, word } from './lib/i18n.js';
import { line } from './lib/live.js';
import { discard, flush, sender, sent, waiting } from './lib/outbox.js';
import { match, place } from './lib/router.js';
import { findSession, nameOf, session, side } from './lib/store.js';
import { Button, cls, Head, Note, ProblemBox } from './parts/controls.jsx';
import { PAGES } from './pages.js';
import Login from './pages/login.jsx';

const allowed = (page) => page.sides === 'open' || page.sides === '*' || page.sides.includes(side.value);

function find(path) {
    const open = session.value === null || session.value === undefined;
    for (const page of PAGES) {
        const captures = match(page.path, path);
        if (captures && (page.sides === 'open' || (!open && allowed(page)))) return { page, captures };
    }
    return null;
}

function Language() {
    const other = language.value === 'zh' ? 'en' : 'zh';
    return <button type="button" class="bar-button" lang={other === 'zh' ? 'zh-CN' : 'en'} onClick={() => speak(other)}>{t('app.language')}</button>;
}

function Line() {
    const state = line.value;
    if (state === 'off') return null;
    const say = state === 'down' ? t('line.down') : t(`line.${state}.say`);
    return <span class={cls('line', state)} role="status" title={say}><span class="dot" aria-hidden="true" />{t(`line.${state}`)}</span>;
}

function Bar() {
    const post = session.value?.post;
    return (
        <header class="bar">
            <a class="skip" href="#content">{t('app.skip')}</a>
            <a class="brand" href="/"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M3 12h15l4-4h7v6h-5.5A8.5 8.5 0 1 1 6.6 15H3z" /><circle cx="15" cy="18" r="3" /></svg><b>{t('app.name')}</b></a>
            <span class="spacer" />
            <Line />
            <Language />
            {post && <a class="bar-button who" href="/account" aria-label={`${t('app.account')}: ${session.value.person?.name || ''} ${nameOf(post.identity)}`}><span>{session.value.person?.name || session.value.person?.code}</span><small>{nameOf(post.identity)} · {word('role', post.role)}</small></a>}
        </header>
    );
}

function Nav() {
    if (!session.value) return null;
    const here = place.value.path;
    const pages = PAGES.filter((p) => p.nav && Array.isArray(p.sides) && p.sides.includes(side.value));
    const pending = waiting.value.length;
    return (
        <nav class="nav" aria-label={t('app.menu')}>
            {pages.map((p) => <a key={p.path} href={p.path} aria-current={here === p.path ? 'page' : undefined}>{t(`nav.${p.nav}`)}</a>)}
            {pending > 0 && <span class="nav-pending">{t('outbox.title', { n: pending })}</span>}
        </nav>
    );
}

// What left while nobody looked at its form any more.
function Sent() {
    if (sent.value.length === 0) return null;
    const link = (ref) => (/-[A-Z]+$/.test(ref) ? `/tasks/${ref}` : `/whistles/${ref}`);
    return (
        <aside class="note good outbox" role="status">
            <p class="note-title">{t('outbox.sent')}</p>
            <ul class="plain lines">{sent.value.map((e) => <li key={e.key}><span>{e.label}</span>{e.ref && session.value && <a href={link(e.ref)}>{e.ref}</a>}</li>)}</ul>
            <Button onClick={() => (sent.value = [])}>{t('outbox.drop')}</Button>
        </aside>
    );
}

function Outbox() {
    const all = waiting.value;
    const mine = all.filter((e) => e.who === sender.value);
    const foreign = all.length - mine.length;
    // What just left by a tap is not worth a box; what has failed once is.
    const shown = mine.filter((e) => e.tries > 0 || e.refused || !reachable.value);
    if (shown.length === 0 && !(foreign && session.value)) return null;
    return (
        <aside class="note wait outbox" aria-live="polite">
            {shown.length > 0 && <><p class="note-title">{t('outbox.title', { n: shown.filter((e) => !e.refused).length })}</p>
                <ul class="plain lines">{shown.map((e) => <li key={e.key}><span>{e.label || e.path}{e.refused && <b> {t('outbox.refused')}: {e.refused}</b>}</span>{e.refused && <Button onClick={() => discard(e.key)}>{t('outbox.drop')}</Button>}</li>)}</ul>
                <p class="small">{t('outbox.text')} <button type="button" class="linklike" onClick={flush}>{t('outbox.now')}</button></p></>}
            {foreign > 0 && session.value && <p class="small">{t('outbox.foreign', { n: foreign })}</p>}
        </aside>
    );
}

function Trouble() {
    if (reachable.value && line.value !== 'down') return null;
    return <div class="trouble" role="alert"><p>{t(navigator.onLine === false ? 'line.offline.text' : 'line.down.text')}</p></div>;
}

function Missing() {
    return <div class="narrow"><Head title={t('app.missing')} lead={t('app.missing.text')} /><a class="button" href="/">{t('app.home')}</a></div>;
}

const loaded = new Map();

function Page({ page, captures }) {
    const [, redraw] = useState(0);
    const [problem, setProblem] = useState(null);
    const Found = loaded.get(page);
    const load = () => {
        setProblem(null);
        page.load().then((component) => { loaded.set(page, component); redraw((n) => n + 1); }).catch(() => setProblem({ status: 0 }));
    };
    useEffect(() => { if (!loaded.has(page)) load(); }, [page]);
    if (problem) return <ProblemBox problem={problem} retry={load} />;
    if (!Found) return <p class="loading" role="status">{t('app.loading')}</p>;
    return <Found key={place.value.path} {...captures} />;
}

export function App() {
    const [problem, setProblem] = useState(null);
    const start = () => findSession().then(() => setProblem(null), (p) => { setProblem(p); setTimeout(start, 5000); });
    useEffect(() => { start(); }, []);
    const found = find(place.value.path);
    const asked = session.value !== undefined || found?.page.sides === 'open';
    return (
        <>
            <Bar />
            <Nav />
            <Trouble />
            <main id="content" tabIndex={-1}>
                <Outbox />
                <Sent />
                {!asked ? (problem ? <Note kind="bad" live><p>{t('line.down.text')}</p></Note> : <p class="loading" role="status">{t('app.loading')}</p>)
                    : found ? <Page key={found.page.path + side.value} {...found} /> : session.value ? <Missing /> : <Login />}
            </main>
        </>
    );
}
