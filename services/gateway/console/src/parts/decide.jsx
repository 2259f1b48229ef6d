// SPDX-License-Identifier: Apache-2.0
// More time or the ledger, asked for by a department: what it asks and the two answers.
import { useState } from 'preact/hooks';
import { t, word } from '../lib/i18n.js';
import { session } from '../lib/store.js';
import { ms, when } from '../lib/time.js';
import { ActState, Button, Text, useAct } from './controls.jsx';

function Ask({ task, verb, text }) {
    const act = useAct();
    const [reason, setReason] = useState('');
    const decide = (decision) => act.run({ path: `/api/v1/tasks/${task.id}/${verb}/decide`, lane: task.id,
        label: `${t('task.decide')} ${task.id}`, body: { decision, ...(reason.trim() && { reason: reason.trim() }) } });
    return (
        <div class="card ask">
            <p>{text}</p>
            <Text label={t('act.reason')} value={reason} onValue={setReason} max={300} optional />
            <div class="buttons">
                <Button kind="primary" busy={act.busy} onClick={() => decide('APPROVED')}>{t('task.approve')}</Button>
                <Button busy={act.busy} onClick={() => decide('DENIED')}>{t('task.deny')}</Button>
            </div>
            <ActState act={act} />
        </div>
    );
}

function Said({ text, decision }) {
    return <p class="small">{text} {decision && <b>{word('decision', decision)}</b>}</p>;
}

export function DecideAsked({ task }) {
    const me = session.value?.post.identity;
    const mine = (action) => task.next?.action === action && task.next.by === me;
    const e = task.extension;
    const l = task.on_ledger;
    const asks = e && t('task.extension', { at: when(ms(e.until_at)), reason: e.reason });
    const wants = l && t('task.onLedger', { at: when(ms(l.until_at)), plan: l.plan });
    return (
        <>
            {e && (mine('APPROVE_EXTENSION') ? <Ask task={task} verb="extend" text={asks} /> : <Said text={asks} decision={e.decision} />)}
            {l && (mine('APPROVE_LEDGER') ? <Ask task={task} verb="ledger" text={wants} /> : <Said text={wants} decision={l.decision} />)}
        </>
    );
}
