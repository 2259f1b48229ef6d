// SPDX-License-Identifier: Apache-2.0
// Reports that are or may be one matter: the yellow strip, the reasons, one click to join or to separate.
import { useState } from 'preact/hooks';
import { t, word } from '../lib/i18n.js';
import { useResource } from '../lib/resource.js';
import { nameOf, side } from '../lib/store.js';
import { ms, when } from '../lib/time.js';
import { ActState, Button, Loaded, useAct } from './controls.jsx';
import { Likeness } from './likeness.jsx';
import { Countdown } from './matters.jsx';

const decides = () => ['street', 'district'].includes(side.value);

export function JoinButtons({ number, like, offer = [] }) {
    const act = useAct();
    const join = (how) => act.run({ path: `/api/v1/whistles/${number}/join`, lane: number, label: `${t('join.join')} ${number}`,
        body: { into: like.number, ...(how !== 'DUPLICATE' && { how }) } });
    const hows = like.resolved_at ? (like.offer?.length ? like.offer : offer).filter((h) => h !== 'NEW') : ['DUPLICATE'];
    return (
        <>
            {hows.map((how) => <Button key={how} kind="primary" busy={act.busy} onClick={() => join(how)}>{how === 'DUPLICATE' ? t('join.join') : word('joinas', how)}</Button>)}
            <ActState act={act} />
        </>
    );
}

export function SplitButton({ number, label, reason, kind = '' }) {
    const act = useAct();
    const split = () => act.run({ path: `/api/v1/whistles/${number}/split`, lane: number, label: `${label} ${number}`, body: reason ? { reason } : {} });
    return <><Button kind={kind} busy={act.busy} onClick={split}>{label}</Button><ActState act={act} /></>;
}

// What it may be the same as, as long as nobody has said.
export function Perhaps({ whistle: w }) {
    if (!w.perhaps?.length || !decides()) return null;
    return (
        <section class="card strip" aria-labelledby="perhaps">
            <div class="section-head">
                <h2 id="perhaps">{t('join.title')}</h2>
                {w.held_until_at && <p class="small">{t('join.until', { at: when(ms(w.held_until_at)) })} <Countdown due={w.held_until_at} from={w.submitted_at} /></p>}
            </div>
            <ul class="plain">
                {w.perhaps.map((like) => <Likeness key={like.number} like={like}><JoinButtons number={w.number} like={like} offer={w.offer} /></Likeness>)}
            </ul>
            <SplitButton number={w.number} label={t('join.separate')} />
        </section>
    );
}

function Members({ number }) {
    const matter = useResource(`/api/v1/whistles/${number}/matter`, () => true);
    return (
        <Loaded resource={matter}>
            {(m) => (
                <ul class="plain">
                    {(m.members || []).filter((x) => x.number !== m.number).map((x) => (
                        <Likeness key={x.number} like={{ ...x.why, number: x.number, title: x.why?.title && x.why.number === x.number ? x.why.title : x.number }}>
                            <p class="small quiet">{t('join.by', { who: x.by?.acting_for || (x.why?.rule === 'PERSON') ? nameOf(x.by?.acting_for || x.by?.identity) : t('join.system'), at: when(ms(x.joined_at)) })}{x.reason && ` · ${x.reason}`}</p>
                            {decides() && <SplitButton number={x.number} label={t('join.split')} />}
                        </Likeness>
                    ))}
                </ul>
            )}
        </Loaded>
    );
}

export function Joined({ whistle: w }) {
    const [open, setOpen] = useState(false);
    if (w.merged_into) return decides() ? <div class="buttons"><SplitButton number={w.number} label={t('join.split')} /></div> : null;
    if (!w.supporters) return null;
    return (
        <section class="card strip" aria-labelledby="joined">
            <div class="section-head">
                <h2 id="joined">{t('join.strip', { n: w.supporters })}</h2>
                {side.value !== 'department' && <Button aria-expanded={open} onClick={() => setOpen(!open)}>{t(open ? 'form.close' : 'join.see')}</Button>}
            </div>
            {open && <Members number={w.number} />}
        </section>
    );
}
