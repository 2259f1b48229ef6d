// SPDX-License-Identifier: Apache-2.0
// The operator's pages: are the services well, what is undelivered, which keys end soon, dead letters.
import { t } from '../lib/i18n.js';
import { useResource } from '../lib/resource.js';
import { exactly, ms, now, span } from '../lib/time.js';
import { nameOf } from '../lib/store.js';
import { ActState, Button, cls, Head, Loaded, Note, useAct } from '../parts/controls.jsx';
import { Numbers } from '../parts/matters.jsx';

const SOON = 30 * 864e5; // ms: a key that ends within a month

export function DeadLetters() {
    const dead = useResource('/api/v1/dead-letters', () => false);
    return (
        <>
            <Head title={t('dead.title')} lead={t('dead.text')} />
            <Loaded resource={dead}>
                {(data) => (data.rows?.length ? (
                    <div class="scroll" tabIndex={0} role="region" aria-label={t('dead.title')}>
                        <table>
                            <thead><tr><th scope="col">{t('dead.service')}</th><th scope="col">{t('dead.at')}</th><th scope="col">{t('dead.feed')}</th><th scope="col">{t('dead.why')}</th><th scope="col">{t('dead.retry')}</th></tr></thead>
                            <tbody>{data.rows.map((row) => <Dead key={`${row.service}${row.id}`} row={row} reload={dead.reload} />)}</tbody>
                        </table>
                    </div>
                ) : <p class="calm">{t('dead.none')}</p>)}
            </Loaded>
        </>
    );
}

function Dead({ row, reload }) {
    const act = useAct();
    const retry = () => act.run({ path: `/api/v1/dead-letters/${row.service}/${row.id}/retry`, lane: `dead-${row.service}`, label: `${t('dead.retry')} ${row.service} ${row.id}` }, reload);
    return (
        <tr>
            <th scope="row">{row.service}</th><td>{exactly(ms(row.at))}</td><td>{row.feed} {row.seq}</td><td>{row.sqlstate} {row.why}</td>
            <td><Button busy={act.busy} onClick={retry}>{act.done ? t('dead.retried') : t('dead.retry')}</Button><ActState act={act} /></td>
        </tr>
    );
}

function Services({ services }) {
    return (
        <ul class="tiles">
            {services.map((s) => (
                <li key={s.name} class={cls('card tile', s.ready ? 'good' : 'bad')}>
                    <h3>{s.name}</h3>
                    <p><span class={cls('chip', s.ready ? 'good' : 'late')}>{t(s.ready ? 'health.ready' : 'health.not')}</span></p>
                    <dl class="facts tight">
                        <dt>{t('health.queue')}</dt><dd>{s.queue ?? 0}</dd>
                        {s.oldest_undelivered_at && <><dt>{t('health.oldest')}</dt><dd>{span(now.value - ms(s.oldest_undelivered_at))}</dd></>}
                        <dt>{t('health.dead')}</dt><dd>{s.dead_letters ?? 0}</dd>
                    </dl>
                </li>
            ))}
        </ul>
    );
}

function Followers({ services }) {
    const rows = services.flatMap((s) => (s.followers || []).map((f) => ({ ...f, service: s.name })));
    if (rows.length === 0) return null;
    return (
        <section aria-labelledby="followers">
            <h2 id="followers">{t('health.followers')}</h2>
            <div class="scroll" tabIndex={0} role="region" aria-label={t('health.followers')}>
                <table>
                    <thead><tr><th scope="col">{t('health.service')}</th><th scope="col">{t('health.followers')}</th><th scope="col">{t('health.lag')}</th><th scope="col">{t('whistle.state')}</th></tr></thead>
                    <tbody>{rows.map((f) => <tr key={f.service + f.name + f.identity}><td>{f.service}</td><th scope="row">{f.name || nameOf(f.identity)}</th><td>{f.lag ?? 0}</td><td>{t(f.connected ? 'health.connected' : 'health.away')}</td></tr>)}</tbody>
                </table>
            </div>
        </section>
    );
}

function Keys({ keys }) {
    const dated = (keys || []).filter((k) => k.expires_at).sort((a, b) => ms(a.expires_at) - ms(b.expires_at));
    return (
        <section aria-labelledby="keys">
            <h2 id="keys">{t('health.keys')}</h2>
            {dated.length === 0 ? <p class="calm">{t('health.never')}</p> : (
                <div class="scroll" tabIndex={0} role="region" aria-label={t('health.keys')}>
                    <table>
                        <thead><tr><th scope="col">{t('health.key')}</th><th scope="col">{t('health.expires')}</th></tr></thead>
                        <tbody>{dated.map((k, i) => <tr key={i} class={ms(k.expires_at) - now.value < SOON ? 'warn' : ''}><th scope="row">{nameOf(k.identity)}</th><td>{exactly(ms(k.expires_at))}</td></tr>)}</tbody>
                    </table>
                </div>
            )}
        </section>
    );
}

export function Health() {
    const health = useResource('/api/v1/health');
    return (
        <>
            <Head title={t('health.title')} />
            <Loaded resource={health}>
                {(data) => {
                    const services = data.services || [];
                    const ill = services.filter((s) => !s.ready);
                    const dead = services.reduce((n, s) => n + (s.dead_letters || 0), 0);
                    const status = data.status || data;
                    return (
                        <>
                            {ill.length + dead === 0 ? <Note kind="good" live><p>{t('health.fine')}</p></Note> : <Note kind="bad" live title={t('health.trouble', { n: ill.length + (dead > 0) })}>
                                {ill.map((s) => <p key={s.name}>{t('health.undelivered', { service: s.name })}</p>)}
                                {dead > 0 && <p><a href="/dead-letters">{t('dead.title')}: {dead}</a></p>}
                            </Note>}
                            {status.open_whistles !== undefined && <Numbers of={[['open', status.open_whistles, '/health'], ['overdue', status.overdue_tasks || 0, '/health', true], ['dead', dead, '/dead-letters', true]]} />}
                            <Services services={services} />
                            <Followers services={services} />
                            <Keys keys={data.keys} />
                        </>
                    );
                }}
            </Loaded>
        </>
    );
}
