// SPDX-License-Identifier: Apache-2.0
// "Has it been reported already?" while one types, and what will happen when it is sent.
import { useEffect, useState } from 'preact/hooks';
import { call } from '../lib/api.js';
import { t, word } from '../lib/i18n.js';
import { Likeness } from './likeness.jsx';

const PAUSE = 600; // ms after the last key

// body: what would be sent, or null where too little is there.
export function usePreview(path, body, bare) {
    const [found, setFound] = useState(null);
    const text = body && JSON.stringify(body);
    useEffect(() => {
        if (!text) {
            setFound(null);
            return undefined;
        }
        let gone = false;
        const timer = setTimeout(async () => {
            try {
                const answer = await call('POST', path, { body: JSON.parse(text), bare });
                if (!gone) setFound(answer);
            } catch {
                if (!gone) setFound(null); // a look-up that fails stops nobody
            }
        }, PAUSE);
        return () => {
            gone = true;
            clearTimeout(timer);
        };
    }, [text]);
    return found;
}

export function Already({ found, waiting, children }) {
    const matches = found?.matches || [];
    return (
        <section class="card strip already" aria-labelledby="already" aria-live="polite">
            <h2 id="already" class="small-head">{t('raise.same.title')}</h2>
            {waiting ? <p class="small quiet">{t('raise.same.wait')}</p>
                : matches.length === 0 ? <p class="small quiet">{t('raise.same.none')}</p>
                    : <ul class="plain">{matches.map((like) => <Likeness key={like.number} like={like}>{children(like)}</Likeness>)}</ul>}
        </section>
    );
}

export function WillHappen({ found }) {
    if (!found?.priority) return null;
    return <p class="will" role="status">{t('raise.will')}: <b>{word('priority', found.priority)}</b> · {t(found.waits_for_review ? 'raise.will.wait' : 'raise.will.out')}</p>;
}
