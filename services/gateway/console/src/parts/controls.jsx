// SPDX-License-Identifier: Apache-2.0
// The small parts every page is made of: buttons, fields, choices, dialogs, messages.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { reachable } from '../lib/api.js';
import { t } from '../lib/i18n.js';
import { post } from '../lib/outbox.js';
import { moved } from '../lib/router.js';

export const cls = (...names) => names.filter(Boolean).join(' ');

export function Button({ kind = '', big, busy, children, type = 'button', ...rest }) {
    return (
        <button type={type} class={cls('button', kind, big && 'big')} aria-busy={busy || undefined} disabled={busy} {...rest}>
            {children}
        </button>
    );
}

// What the server said no to, in words, with its rule for whoever asks by telephone.
export function problemText(problem) {
    if (!problem) return '';
    if (problem.text && problem.status >= 400 && problem.status < 500 && problem.status !== 401) return problem.text;
    const known = [0, 401, 403, 404, 409, 412, 429, 503].includes(problem.status);
    if (known) return t(`problem.${problem.status}`);
    return problem.status >= 502 ? t('problem.503') : t('problem.other', { status: problem.status });
}

export function ProblemBox({ problem, retry }) {
    if (!problem) return null;
    return (
        <div class="note bad" role="alert">
            <p>{problemText(problem)}</p>
            {problem.rule && <p class="small">{t('problem.rule', { rule: problem.rule })}</p>}
            {problem.requestId && problem.status >= 500 && <p class="small">{t('problem.id', { id: problem.requestId })}</p>}
            {retry && <Button onClick={retry}>{t('problem.retry')}</Button>}
        </div>
    );
}

export function Note({ kind = '', title, children, live }) {
    return (
        <div class={cls('note', kind)} role={live ? 'status' : undefined}>
            {title && <p class="note-title">{title}</p>}
            {children}
        </div>
    );
}

// label, then the control its child function makes of {id, describedBy}.
export function Field({ label, hint, error, required, optional, children, wide }) {
    const id = useId();
    const describedBy = cls(hint && `${id}-h`, error && `${id}-e`) || undefined;
    return (
        <div class={cls('field', wide && 'wide', error && 'wrong')}>
            <label for={id}>
                {label}
                {required && <span class="mark"> {t('form.required')}</span>}
                {optional && <span class="mark quiet"> {t('form.optional')}</span>}
            </label>
            {hint && <p class="hint" id={`${id}-h`}>{hint}</p>}
            {children({ id, 'aria-describedby': describedBy, 'aria-invalid': error ? 'true' : undefined, required })}
            {error && <p class="error" id={`${id}-e`}>{error}</p>}
        </div>
    );
}

export function Text({ value, onValue, rows, max, ...field }) {
    const { label, hint, error, required, optional, wide, ...rest } = field;
    const near = max >= 100 && (value || '').length > max * 0.8;
    const props = { value: value || '', maxLength: max, onInput: (e) => onValue(e.currentTarget.value), ...rest };
    return (
        <Field {...{ label, error, required, optional, wide }} hint={near ? t('form.left', { n: max - (value || '').length }) : hint}>
            {(ids) => (rows ? <textarea rows={rows} {...props} {...ids} /> : <input type="text" {...props} {...ids} />)}
        </Field>
    );
}

// options: [[value, text], …]
export function Select({ value, onValue, options, empty, ...field }) {
    const { label, hint, error, required, optional, wide, ...rest } = field;
    return (
        <Field {...{ label, hint, error, required, optional, wide }}>
            {(ids) => (
                <select value={value || ''} onChange={(e) => onValue(e.currentTarget.value)} {...rest} {...ids}>
                    {empty !== false && <option value="">{empty || t('form.choose')}</option>}
                    {options.map(([v, text]) => <option key={v} value={v}>{text}</option>)}
                </select>
            )}
        </Field>
    );
}

// One of few, all visible, as big as a thumb.
export function Choice({ label, value, onValue, options, error, required, quiet }) {
    const name = useId();
    return (
        <fieldset class={cls('choice', error && 'wrong', quiet && 'quiet')} aria-describedby={error ? `${name}-e` : undefined}>
            <legend>{label}{required && <span class="mark"> {t('form.required')}</span>}</legend>
            <div class="choices">
                {options.map(([v, text, kind]) => (
                    <label key={v} class={cls('option', kind, value === v && 'on')}>
                        <input type="radio" name={name} value={v} checked={value === v} onChange={() => onValue(v)} />
                        <span>{text}</span>
                    </label>
                ))}
            </div>
            {error && <p class="error" id={`${name}-e`}>{error}</p>}
        </fieldset>
    );
}

export function Check({ label, checked, onValue, ...rest }) {
    return (
        <label class="check">
            <input type="checkbox" checked={!!checked} onChange={(e) => onValue(e.currentTarget.checked)} {...rest} />
            <span>{label}</span>
        </label>
    );
}

// The browser's own dialog: focus stays inside, Escape leaves, focus returns.
export function Dialog({ title, onClose, children }) {
    const ref = useRef(null);
    const id = useId();
    useEffect(() => {
        const before = document.activeElement;
        const dialog = ref.current;
        dialog.showModal();
        return () => {
            dialog.close(); // until then what is behind it takes no focus
            before?.focus?.();
        };
    }, []);
    return (
        <dialog ref={ref} aria-labelledby={id} onClose={onClose}>
            <div class="dialog-head">
                <h2 id={id}>{title}</h2>
                <button type="button" class="icon" aria-label={t('form.close')} onClick={onClose}>✕</button>
            </div>
            {children}
        </dialog>
    );
}

// A write by a button or form: {run, busy, queued, problem, done}. queued: it is kept and being retried.
export function useAct() {
    const [state, setState] = useState({});
    const alive = useRef(true);
    useEffect(() => () => (alive.current = false), []);
    const set = (next) => alive.current && setState(next);
    const run = async (request, after) => {
        set({ busy: true });
        const slow = setTimeout(() => set({ busy: true, queued: true }), 2500);
        const down = reachable.subscribe((yes) => !yes && set({ busy: true, queued: true }));
        try {
            const answer = await post(request);
            set({ done: true });
            after?.(answer);
            return answer;
        } catch (problem) {
            set({ problem });
            return null;
        } finally {
            clearTimeout(slow);
            down();
        }
    };
    return { ...state, run, clear: () => set({}) };
}

export function ActState({ act }) {
    if (act.queued) return <Note kind="wait" live><p>{t('form.queued')}</p><p class="small">{t('outbox.text')}</p></Note>;
    return <ProblemBox problem={act.problem} />;
}

export function Copy({ text, label, done }) {
    const [said, setSaid] = useState(false);
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text());
        } catch {
            const area = document.createElement('textarea');
            area.value = text();
            document.body.append(area);
            area.select();
            document.execCommand('copy');
            area.remove();
        }
        setSaid(true);
        setTimeout(() => setSaid(false), 4000);
    };
    return (
        <>
            <Button onClick={copy}>{label}</Button>
            <span class="said" role="status">{said ? done || t('form.copied') : ''}</span>
        </>
    );
}

// What is being read, could not be read, or is there.
export function Loaded({ resource, children }) {
    if (resource.data) return <>{resource.problem && <ProblemBox problem={resource.problem} />}{children(resource.data)}</>;
    if (resource.problem) return <ProblemBox problem={resource.problem} retry={resource.reload} />;
    return <p class="loading" role="status">{t('app.loading')}</p>;
}

// The page's name: its heading, the window's title, and where focus goes on arrival.
export function Head({ title, children, lead }) {
    const ref = useRef(null);
    useEffect(() => {
        document.title = `${title} · ${t('app.name')}`;
        if (moved.yes && document.activeElement === document.body) ref.current?.focus({ preventScroll: true });
    }, [title]);
    return (
        <header class="page-head">
            <div>
                <h1 ref={ref} tabIndex={-1}>{title}</h1>
                {lead && <p class="lead">{lead}</p>}
            </div>
            {children && <div class="head-actions">{children}</div>}
        </header>
    );
}
