// SPDX-License-Identifier: Apache-2.0
// The district's ruling on a refusal: who has it from now on, and on what basis. It binds.
import { useState } from 'preact/hooks';
import { both, t } from '../lib/i18n.js';
import { departments, nameOf } from '../lib/store.js';
import { useDraft } from '../lib/draft.js';
import { ActState, Button, Choice, Select, Text, useAct } from './controls.jsx';

export function RuleForm({ task }) {
    const act = useAct();
    const [form, set, clear] = useDraft(`rule.${task.id}`, { verdict: '', department: task.refusal?.alternative || '', basis: '' });
    const [tried, setTried] = useState(false);
    const upheld = form.verdict === 'UPHELD';
    const submit = (event) => {
        event.preventDefault();
        setTried(true);
        if (!form.verdict || !form.basis.trim() || (upheld && !form.department)) return;
        act.run({ path: `/api/v1/tasks/${task.id}/rule`, lane: task.id, label: `${t('rule.title')} ${task.id}`, draft: `rule.${task.id}`,
            body: { verdict: form.verdict, basis: form.basis.trim(), ...(upheld && { department: form.department }) } }, clear);
    };
    return (
        <form class="card ask" onSubmit={submit}>
            <Choice label={t('rule.title')} value={form.verdict} onValue={(v) => set('verdict', v)} required error={tried && !form.verdict && t('form.missing')}
                options={[['UPHELD', t('rule.uphold')], ['OVERRULED', `${t('rule.overrule')} (${nameOf(task.department)})`]]} />
            {upheld && <Select label={t('rule.department')} value={form.department} onValue={(v) => set('department', v)} required
                options={departments.value.filter((d) => d.code !== task.department).map((d) => [d.code, both(d)])} />}
            <Text label={t('rule.basis')} value={form.basis} onValue={(v) => set('basis', v)} rows={2} max={500} required error={tried && !form.basis.trim() && t('form.missing')} />
            <p class="small quiet">{t('rule.text')}</p>
            <Button type="submit" kind="primary" busy={act.busy}>{t('rule.title')}</Button>
            <ActState act={act} />
        </form>
    );
}
