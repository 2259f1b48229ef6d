// SPDX-License-Identifier: Apache-2.0
// One whistle: what happens next, what happened, the departments live, joined reports, the whole history.
import { useState } from 'preact/hooks';
import { both, t, word } from '../lib/i18n.js';
import { geoLink } from '../lib/mapping.js';
import { useResource } from '../lib/resource.js';
import { categoryName, categoryOf, nameOf, pathOf, session, side } from '../lib/store.js';
import { exactly, ms, now, span, when } from '../lib/time.js';
import { ActState, Button, cls, Copy, Head, Loaded, Note, useAct } from '../parts/controls.jsx';
import { Next, Overdue, Priority, Steps, TaskState, WhistleState } from '../parts/matters.jsx';
import { Joined, Perhaps } from '../parts/joins.jsx';
import { Confirm, isRaiser, OtherActs, Review, Unseal } from '../parts/whistle_acts.jsx';
import { RuleForm } from '../parts/rule.jsx';
import { DecideAsked } from '../parts/decide.jsx';
import { textCard } from '../lib/card.js';

function Facts({ whistle: w }) {
    const category = categoryOf(w.category);
    const asked = (code) => both(category?.questions?.find((q) => q.code === code)) || code;
    const value = (v) => (v === 'true' ? t('form.yes') : v === 'false' ? t('form.no') : v);
    const route = geoLink(w.place);
    return (
        <section class="card" aria-labelledby="facts">
            <h2 id="facts" class="small-head">{t('whistle.text')}</h2>
            {w.text && <p class="text">{w.text}</p>}
            {(w.additions || []).map((a, i) => <p key={i} class="text addition"><b>{t('whistle.additions')}</b> {a}</p>)}
            <dl class="facts">
                <dt>{t('whistle.place')}</dt>
                <dd>{pathOf(w.place?.unit)} <b>{w.place?.address}</b> {route && <a href={route} target="_blank" rel="noreferrer">{t('whistle.route')}</a>}</dd>
                <dt>{t('whistle.category')}</dt><dd>{categoryName(w.category)}</dd>
                {w.answers?.length > 0 && <><dt>{t('whistle.answers')}</dt><dd>{w.answers.map((a) => <span key={a.code} class="answer">{asked(a.code)}: <b>{value(a.value)}</b></span>)}</dd></>}
                {w.missing_answers?.length > 0 && <><dt>{t('whistle.answers')}</dt><dd class="warn">{t('whistle.missing', { list: w.missing_answers.map(asked).join('、') })}</dd></>}
                {w.needs?.length > 0 && <><dt>{t('whistle.needs')}</dt><dd>{w.needs.map((n, i) => <span key={i} class="answer">{word('need', n.kind)} {n.item || n.skill} × {n.count} {word('per', n.per)}</span>)}</dd></>}
                {w.tags?.length > 0 && <><dt>{t('whistle.tags')}</dt><dd>{w.tags.join('、')}</dd></>}
                {w.opinion && <><dt>{t('act.opinion')}</dt><dd>{nameOf(w.opinion.unit)}:{word('rating', w.opinion.rating)} {w.opinion.text}</dd></>}
            </dl>
            <p class="small quiet">{t('whistle.by', { by: nameOf(w.unit) })} · {word('source', w.source)} · {exactly(ms(w.submitted_at))}</p>
            <Unseal whistle={w} />
        </section>
    );
}

// Who was called at which level, while somebody has not answered.
function Silence({ task }) {
    if (task.signed_at || task.checked_in_at || !['PENDING', 'DELIVERED'].includes(task.state)) return null;
    const late = task.overdue?.includes('SIGN');
    if (!late && !task.escalation) return null;
    return (
        <p class="silence">
            {t('whistle.passed', { span: span(now.value - ms(task.dispatched_at)) })}
            {task.escalation > 0 && <> · {t(`escalation.${task.escalation}`)}</>}
        </p>
    );
}

function RefusalBox({ task }) {
    const r = task.refusal;
    if (!r) return null;
    return (
        <div class="refusal">
            <p><b>{t('refused.title', { who: nameOf(task.department) })}</b> · {word('refuse', r.reason)} · {when(ms(r.refused_at))}</p>
            <p>{t('refused.basis')}: {r.basis}</p>
            <p>{t('refused.instead')}: <b>{nameOf(r.alternative)}</b> {r.text}</p>
            {r.late && <p class="warn">{t('refused.late')}</p>}
            {r.verdict ? <p>{t('refused.verdict', { verdict: word('ruling', r.verdict), basis: r.ruling_basis || '' })}</p>
                : r.auto ? <p>{t('refused.auto')}</p>
                    : <p>{t('refused.ruling', { at: when(ms(task.due_ruling || task.next?.at)) })}{side.value === 'street' && ` ${t('refused.evidence')}`}</p>}
            {task.state === 'DISPUTED' && side.value === 'district' && <RuleForm task={task} />}
        </div>
    );
}

function Behalf({ task, whistle }) {
    const act = useAct();
    if (!['street', 'district'].includes(side.value) || task.checked_in_at || !['PENDING', 'DELIVERED', 'SIGNED'].includes(task.state)) return null;
    if (side.value === 'street' && whistle.street !== session.value.post.identity) return null;
    const run = () => act.run({ path: `/api/v1/tasks/${task.id}/check-in`, lane: task.id, label: `${t('act.behalf')} ${task.id}`, body: { method: 'ON_BEHALF' } });
    return <><Button kind="plain" busy={act.busy} onClick={run}>{t('act.behalf')}</Button><ActState act={act} /></>;
}

function DepartmentRow({ task, whistle }) {
    const ended = ['CANCELLED', 'CONFIRMED'].includes(task.state);
    return (
        <li class={cls('department', ended && 'ended', task.overdue?.length && 'is-late')} data-department={task.department}>
            <div class="department-head">
                <b>{nameOf(task.department)}</b> <span class="quiet">{word('part', task.part)}</span>
                <span class="spacer" />
                <TaskState value={task.state} /> <Overdue clocks={ended ? [] : task.overdue} />
            </div>
            {task.state !== 'CANCELLED' && <Steps task={task} />}
            {task.cancelled_why && <p class="small quiet">{word('why', task.cancelled_why)}</p>}
            <Silence task={task} />
            <RefusalBox task={task} />
            {task.outcome && <p class="outcome"><b>{word('outcome', task.outcome)}</b> {task.report_text}</p>}
            {task.rating && <p class="small">{t('act.rating')}: {word('rating', task.rating)} {task.rating_text}{task.rating_reply && ` · ${t('task.reply')}:${task.rating_reply}`}</p>}
            <DecideAsked task={task} />
            {!ended && <div class="department-foot"><Next next={task.next} from={task.dispatched_at} /><Behalf task={task} whistle={whistle} /></div>}
        </li>
    );
}

function Departments({ whistle: w }) {
    if (!w.tasks?.length) return null;
    const order = [...w.tasks].sort((a, b) => (a.state === 'CANCELLED') - (b.state === 'CANCELLED') || (a.part === 'LEAD' ? -1 : b.part === 'LEAD' ? 1 : 0));
    return (
        <section aria-labelledby="departments">
            <div class="section-head">
                <h2 id="departments">{t('whistle.table')} <span class="count">{w.tasks.length}</span></h2>
                <p class="quiet small">{t('whistle.table.live')}{w.due_resolve && <> · {t('whistle.resolve', { at: when(ms(w.due_resolve)) })}</>}</p>
            </div>
            <ul class="departments">{order.map((task) => <DepartmentRow key={task.id} task={task} whistle={w} />)}</ul>
        </section>
    );
}

const lineText = (l) => [l.text, l.from && l.to && l.from !== l.to ? `${word(l.task ? 'task' : 'whistle', l.from)} → ${word(l.task ? 'task' : 'whistle', l.to)}` : ''].filter(Boolean).join(' · ');

function History({ number }) {
    const [open, setOpen] = useState(false);
    const history = useResource(open ? `/api/v1/whistles/${number}/history` : null, (e) => e.number === number);
    return (
        <section aria-labelledby="history">
            <details onToggle={(e) => setOpen(e.currentTarget.open)}>
                <summary id="history">{t('whistle.history')}</summary>
                {open && <Loaded resource={history}>
                    {(data) => (
                        <ol class="history">
                            {(data.lines || []).map((l) => (
                                <li key={l.seq}>
                                    <time dateTime={l.at}>{exactly(ms(l.at))}</time>
                                    <span><b>{word('event', l.kind)}</b> {l.task && nameOf(l.task.slice(number.length + 1))} {lineText(l)}
                                        {l.actor && <span class="quiet small"> {nameOf(l.actor.acting_for || l.actor.identity)} {l.actor.officer}</span>}</span>
                                </li>
                            ))}
                        </ol>
                    )}
                </Loaded>}
            </details>
        </section>
    );
}

function Body({ whistle: w }) {
    const street = side.value === 'street' && isRaiser(w);
    const reviews = street && (w.state === 'SUBMITTED' || w.unreviewed);
    const confirms = isRaiser(w) && side.value !== 'community' && w.state === 'REPORTED';
    return (
        <>
            <div class="banner-line">
                <Priority value={w.priority} drill={w.drill} /> <WhistleState value={w.state} />
                <span class="number">{w.number}</span>
                {w.supporters > 0 && <span class="chip">{t('whistle.supporters', { n: w.supporters })}</span>}
                {w.unchecked && <span class="chip wait">{t('whistle.unchecked')}</span>}
            </div>
            <div class="next-box"><Next next={w.next} from={w.dispatched_at || w.submitted_at} /></div>
            {w.merged_into && <Note kind="wait"><p>{t('whistle.merged', { number: w.merged_into })} <a href={`/whistles/${w.merged_into}`}>{w.merged_into}</a></p></Note>}
            {w.recurs_of && <Note kind="wait"><p><a href={`/whistles/${w.recurs_of}`}>{t('whistle.recurs', { number: w.recurs_of })}</a></p></Note>}
            {reviews && <Review whistle={w} />}
            <Perhaps whistle={w} />
            <Joined whistle={w} />
            {confirms && <Confirm whistle={w} />}
            <div class="two">
                <div><Departments whistle={w} /></div>
                <div><Facts whistle={w} /><OtherActs whistle={w} /></div>
            </div>
            <History number={w.number} />
        </>
    );
}

export default function Whistle({ number }) {
    const whistle = useResource(`/api/v1/whistles/${number}`, (e) => e.number === number);
    if (!whistle.data) return <><Head title={number} /><Loaded resource={whistle} /></>;
    return (
        <Loaded resource={whistle}>
            {(w) => (
                <>
                    <Head title={w.title}>
                        <Copy text={() => textCard(w)} label={t('whistle.card')} done={t('whistle.card.done')} />
                        <a class="button" href={`/print/${w.number}`}>{t('whistle.print')}</a>
                    </Head>
                    <Body whistle={w} />
                </>
            )}
        </Loaded>
    );
}

