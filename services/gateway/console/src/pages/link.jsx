// SPDX-License-Identifier: Apache-2.0
// The one-time link of a text message: one task, no account, three taps. What is tapped without a signal
// is kept under the link and leaves when there is one.
import { useEffect, useState } from 'preact/hooks';
import { Problem, read } from '../lib/api.js';
import { t } from '../lib/i18n.js';
import { categories, departments, nameOf, units } from '../lib/store.js';
import { flush, sender, waiting } from '../lib/outbox.js';
import { ms, when } from '../lib/time.js';
import { both } from '../lib/i18n.js';
import { Head, Note, ProblemBox } from '../parts/controls.jsx';
import { Next, Overdue, Priority, TaskState } from '../parts/matters.jsx';
import { Others } from '../parts/others.jsx';
import { TaskSteps } from '../parts/task_steps.jsx';
import { communitiesOf } from './public.jsx';
import { Scene } from './task.jsx';

const POLL = 5000;

function useLink(path) {
    const [state, setState] = useState({});
    const load = async () => {
        try {
            setState({ data: await read(path, { bare: true }) });
        } catch (problem) {
            setState((old) => ({ data: problem instanceof Problem && problem.passing ? old.data : null, problem }));
        }
    };
    useEffect(() => {
        load();
        const timer = setInterval(() => !document.hidden && load(), POLL);
        return () => clearInterval(timer);
    }, [path]);
    const left = waiting.value.filter((e) => e.path.startsWith(path)).length;
    useEffect(() => { load(); }, [left]);
    return { ...state, reload: load };
}

export default function Link({ token }) {
    const path = `/api/v1/link/${token}`;
    const link = useLink(path);
    useEffect(() => {
        sender.value = `link:${token.slice(0, 16)}`;
        flush();
        read('/api/v1/public/form', { bare: true }).then((form) => {
            if (form.communities?.length) units.value = communitiesOf(form);
            if (form.categories?.length) categories.value = form.categories;
        }).catch(() => {});
    }, [token]);
    const { data } = link;
    useEffect(() => {
        if (data?.departments) departments.value = data.departments;
    }, [data]);
    if (!data) {
        const ended = link.problem && [401, 403, 404, 409, 410].includes(link.problem.status);
        return (
            <div class="narrow">
                <Head title={t(ended ? 'link.expired' : 'link.title')} />
                {ended ? <Note kind="wait"><p>{t('link.expired.text')}</p></Note>
                    : link.problem ? <ProblemBox problem={link.problem} retry={link.reload} /> : <p class="loading" role="status">{t('app.loading')}</p>}
            </div>
        );
    }
    const { task, whistle, others, street } = data;
    return (
        <div class="narrow task-page">
            <Head title={whistle.title} />
            <div class="banner-line"><Priority value={whistle.priority} drill={whistle.drill} /> <TaskState value={task.state} /> <Overdue clocks={task.overdue} /> <span class="number">{task.number}</span></div>
            <div class="next-box"><Next next={task.next} from={task.dispatched_at} /></div>
            <TaskSteps task={{ ...task, number: task.number || whistle.number, priority: whistle.priority }} path={(verb) => `${path}/${verb}`} bare method="LINK" />
            <Scene whistle={whistle} contact={[both(street) || nameOf(whistle.street), street?.contact].filter(Boolean).join(' ')} />
            <Others tasks={others} />
            <p class="small quiet">{t('link.noaccount')} {data.expires_at && t('link.until', { at: when(ms(data.expires_at)) })}</p>
        </div>
    );
}
