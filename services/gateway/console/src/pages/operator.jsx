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
                    <div class="scroll" tabIndex={0} role="group" aria-label={t('dead.title')}>
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

// How far a service's clock is from its database's.
const skew = (s) => (s.health?.now_at && s.health.database_at ? Math.abs(ms(s.health.now_at) - ms(s.health.database_at)) : 0);
const isWell = (s) => s.answered && !(s.health?.troubles || []).length;

function Services({ services }) {
    return (
        <ul class="tiles">
            {services.map((s) => (
                <li key={s.name} class={cls('card tile', isWell(s) ? 'good' : 'bad')}>
                    <h2>{s.name}</h2>
                    <p><span class={cls('chip', s.answered ? 'good' : 'late')}>{t(s.answered ? 'health.ready' : 'health.not')}</span></p>
                    {s.why && <p class="small">{s.why}</p>}
                    <dl class="facts tight">
                        {s.health?.instance && <><dt>{t('health.instance')}</dt><dd>{s.health.instance}</dd></>}
                        <dt>{t('health.dead')}</dt><dd>{s.health?.dead_letters ?? 0}</dd>
                        {skew(s) > 2000 && <><dt>{t('health.clock')}</dt><dd class="warn">{span(skew(s))}</dd></>}
                    </dl>
                    {(s.health?.troubles || []).map((x) => <p key={x.what} class="small warn"><b>{x.what}</b> {x.text}</p>)}
                </li>
            ))}
        </ul>
    );
}

function Followers({ rows }) {
    if (!rows?.length) return null;
    return (
        <section aria-labelledby="followers">
            <h2 id="followers">{t('health.followers')}</h2>
            <div class="scroll" tabIndex={0} role="group" aria-label={t('health.followers')}>
                <table>
                    <thead><tr><th scope="col">{t('health.followers')}</th><th scope="col">{t('health.key')}</th><th scope="col">{t('health.lag')}</th><th scope="col">{t('whistle.state')}</th></tr></thead>
                    <tbody>{rows.map((f) => <tr key={f.name + f.identity}><th scope="row">{f.name || f.identity}</th><td>{nameOf(f.identity)}</td><td>{f.lag ?? 0}</td><td>{t(f.connected ? 'health.connected' : 'health.away')}</td></tr>)}</tbody>
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
                <div class="scroll" tabIndex={0} role="group" aria-label={t('health.keys')}>
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
                    const ill = services.filter((s) => !isWell(s));
                    const dead = services.reduce((n, s) => n + (s.health?.dead_letters || 0), 0);
                    const status = data.status || {};
                    return (
                        <>
                            {ill.length + dead === 0 ? <Note kind="good" live><p>{t('health.fine')}</p></Note> : <Note kind="bad" live title={t('health.trouble', { n: ill.length + (dead > 0) })}>
                                {ill.map((s) => <p key={s.name}>{s.answered ? `${s.name}: ${s.health.troubles.map((x) => x.text || x.what).join('; ')}` : t('health.undelivered', { service: s.name })}</p>)}
                                {dead > 0 && <p><a href="/dead-letters">{t('dead.title')}: {dead}</a></p>}
                            </Note>}
                            {data.status && <Numbers of={[['open', status.open_whistles || 0, '/health'], ['overdue', status.overdue_tasks || 0, '/health', true], ['notices', status.waiting_notices || 0, '/health'], ['dead', dead, '/dead-letters', true]]} />}
                            <Services services={services} />
                            <Followers rows={status.followers} />
                            <Keys keys={data.keys} />
                        </>
                    );
                }}
            </Loaded>
        </>
    );
}
