// SPDX-License-Identifier: Apache-2.0
// A whistle as a few lines for a group chat: what stands here is what anybody of the group may know.
import { t, word } from './i18n.js';
import { categoryName, nameOf } from './store.js';
import { ms, when } from './time.js';

export function textCard(w) {
    const tasks = (w.tasks || []).filter((task) => task.state !== 'CANCELLED');
    return [
        `【${t('app.name')}】${word('priority', w.priority)} ${w.title}`,
        `${w.number} · ${categoryName(w.category)} · ${word('whistle', w.state)}`,
        `${t('whistle.place')}:${[nameOf(w.place?.unit), w.place?.address].filter(Boolean).join(' ')}`,
        ...tasks.map((task) => `· ${nameOf(task.department)}(${word('part', task.part)}) ${word('task', task.state)}${task.outcome ? `:${word('outcome', task.outcome)}` : ''}`),
        w.next?.action && w.next.action !== 'NONE'
            ? `${t('next.label')}:${nameOf(w.next.by) || t('next.nobody')} ${word('action', w.next.action)}${w.next.at ? `,${t('next.before', { at: when(ms(w.next.at)) })}` : ''}` : '',
        `${location.origin}/whistles/${w.number}`,
    ].filter(Boolean).join('\n');
}
