// SPDX-License-Identifier: Apache-2.0
// Why two reports may be one matter, in words, with the buttons to say so.
import { t, word } from '../lib/i18n.js';
import { session } from '../lib/store.js';
import { span } from '../lib/time.js';
import { WhistleState } from './matters.jsx';

function reasons(like) {
    const list = [];
    if (like.distance_m !== undefined) list.push(t('join.distance', { n: like.distance_m }));
    if (like.minutes !== undefined) list.push(t('join.minutes', { span: span(like.minutes * 60e3) }));
    if (like.shared?.length) list.push(t('join.shared', { words: like.shared.join('、') }));
    if (like.probability) list.push(t('join.likely', { n: Math.round(like.probability * 100) }));
    if (like.rule) list.push(word('why', like.rule));
    return list;
}

export function Likeness({ like, children }) {
    return (
        <li class="likeness">
            <div>
                {session.value ? <a href={`/whistles/${like.number}`}>{like.title || like.number}</a> : <b>{like.title || like.number}</b>}
                <p class="small quiet"><span class="number">{like.number}</span> {like.state && <WhistleState value={like.state} />}</p>
                {like.text && <p class="excerpt">{like.text}</p>}
                <ul class="reasons">{reasons(like).map((r) => <li key={r}>{r}</li>)}</ul>
            </div>
            <div class="likeness-acts">{children}</div>
        </li>
    );
}
