// SPDX-License-Identifier: Apache-2.0
// Logging in. Residents find their way from here without it.
import { useState } from 'preact/hooks';
import { signedOut } from '../lib/api.js';
import { t } from '../lib/i18n.js';
import { moved } from '../lib/router.js';
import { login } from '../lib/store.js';
import { Button, Head, Note, problemText, Text } from '../parts/controls.jsx';

function reason(problem) {
    if (problem.status === 401) return t('login.wrong');
    if (problem.status === 429 && problem.after) return t('login.wait', { s: problem.after });
    return problemText(problem);
}

export default function Login() {
    const [name, setName] = useState('');
    const [password, setPassword] = useState('');
    const [busy, setBusy] = useState(false);
    const [problem, setProblem] = useState(null);
    const submit = async (event) => {
        event.preventDefault();
        setBusy(true);
        setProblem(null);
        try {
            moved.yes = true;
            await login(name.trim(), password);
        } catch (caught) {
            setProblem(caught);
            setBusy(false);
        }
    };
    return (
        <div class="narrow login">
            <Head title={t('login.title')} lead={t('app.tagline')} />
            {signedOut.value > 1 && <Note kind="wait"><p>{t('login.ended')}</p></Note>}
            <form class="card" onSubmit={submit}>
                <Text label={t('login.name')} value={name} onValue={setName} autoComplete="username" autoCapitalize="none" required />
                <Text label={t('login.password')} value={password} onValue={setPassword} type="password" autoComplete="current-password" required />
                {problem && <div class="note bad" role="alert"><p>{reason(problem)}</p></div>}
                <Button type="submit" kind="primary" big busy={busy}>{t('login.go')}</Button>
                <p class="small quiet">{t('login.help')}</p>
            </form>
            <nav class="under" aria-label={t('login.resident')}>
                <a class="button" href="/report">{t('login.resident')}</a>
                <a class="button" href="/status">{t('login.status')}</a>
            </nav>
        </div>
    );
}
