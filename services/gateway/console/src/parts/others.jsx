// SPDX-License-Identifier: Apache-2.0
// The other departments of a whistle, a line each: nobody waits for somebody without seeing it.
import { t, word } from '../lib/i18n.js';
import { nameOf } from '../lib/store.js';
import { TaskState } from './matters.jsx';

export function Others({ tasks }) {
    if (!tasks?.length) return null;
    return (
        <section class="card" aria-labelledby="other-departments">
            <h2 id="other-departments" class="small-head">{t('task.others')}</h2>
            <ul class="plain lines">
                {tasks.map((task) => (
                    <li key={task.department}><span>{nameOf(task.department)} <span class="quiet">{word('part', task.part)}</span></span><TaskState value={task.state} /></li>
                ))}
            </ul>
        </section>
    );
}
