// SPDX-License-Identifier: Apache-2.0
// A whistle on one sheet of A4 with a QR code: for the wall, the car, the meeting.
import { useEffect, useState } from 'preact/hooks';
import { t, word } from '../lib/i18n.js';
import { useResource } from '../lib/resource.js';
import { categoryName, nameOf, pathOf } from '../lib/store.js';
import { serverNow } from '../lib/api.js';
import { exactly, ms, when } from '../lib/time.js';
import { Button, Head, Loaded } from '../parts/controls.jsx';

function Code({ text }) {
    const [path, setPath] = useState(null);
    useEffect(() => {
        import('qrcode-generator').then(({ default: qrcode }) => {
            const code = qrcode(0, 'M');
            code.addData(text);
            code.make();
            const n = code.getModuleCount();
            let d = '';
            for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) if (code.isDark(y, x)) d += `M${x} ${y}h1v1h-1z`;
            setPath({ n, d });
        });
    }, [text]);
    if (!path) return null;
    return <svg class="qr" viewBox={`-2 -2 ${path.n + 4} ${path.n + 4}`} role="img" aria-label={t('print.scan')}><rect x={-2} y={-2} width={path.n + 4} height={path.n + 4} fill="#fff" /><path d={path.d} fill="#000" /></svg>;
}

function Sheet({ whistle: w }) {
    const tasks = (w.tasks || []).filter((task) => task.state !== 'CANCELLED');
    return (
        <article class="sheet">
            <div class="sheet-head">
                <div><p class="sheet-kind">{t('app.name')} · {t('print.sheet')}</p><h2>{w.title}</h2><p>{word('priority', w.priority)} · <b>{w.number}</b> · {word('whistle', w.state)}</p></div>
                <div class="sheet-code"><Code text={`${location.origin}/whistles/${w.number}`} /><p class="small">{t('print.scan')}</p></div>
            </div>
            <dl class="facts">
                <dt>{t('whistle.place')}</dt><dd>{pathOf(w.place?.unit)} <b>{w.place?.address}</b></dd>
                <dt>{t('whistle.category')}</dt><dd>{categoryName(w.category)}</dd>
                <dt>{t('raise.source')}</dt><dd>{nameOf(w.unit)} · {word('source', w.source)} · {exactly(ms(w.submitted_at))}</dd>
                <dt>{t('next.label')}</dt><dd>{w.next && `${nameOf(w.next.by) || t('next.nobody')} · ${word('action', w.next.action)} ${w.next.at ? t('next.before', { at: when(ms(w.next.at)) }) : ''}`}</dd>
            </dl>
            <p class="text">{w.text}</p>
            <div class="scroll" tabIndex={0} role="group" aria-label={t('whistle.table')}><table>
                <thead><tr>{['whistle.department', 'whistle.state', 'whistle.step.sign', 'whistle.step.checkin', 'whistle.step.report', 'whistle.outcome'].map((k) => <th key={k} scope="col">{t(k)}</th>)}</tr></thead>
                <tbody>{tasks.map((task) => (
                    <tr key={task.id}><th scope="row">{nameOf(task.department)} ({word('part', task.part)})</th><td>{word('task', task.state)}</td>
                        {[['signed_at', 'due_sign'], ['checked_in_at', 'due_checkin'], ['reported_at', 'due_report']].map(([done, due]) => <td key={done}>{task[done] ? `✓ ${when(ms(task[done]))}` : t('next.before', { at: when(ms(task[due])) })}</td>)}
                        <td>{word('outcome', task.outcome)}</td></tr>
                ))}</tbody>
            </table></div>
            <p class="small quiet">{t('print.printed', { at: exactly(serverNow()) })}</p>
        </article>
    );
}

export default function Print({ number }) {
    const whistle = useResource(`/api/v1/whistles/${number}`, (e) => e.number === number);
    return (
        <>
            <Head title={`${t('print.sheet')} ${number}`}><a class="button" href={`/whistles/${number}`}>{t('form.close')}</a><Button kind="primary" onClick={() => print()}>{t('form.print')}</Button></Head>
            <Loaded resource={whistle}>{(w) => <Sheet whistle={w} />}</Loaded>
        </>
    );
}
