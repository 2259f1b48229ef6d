// SPDX-License-Identifier: Apache-2.0
// A list of whistles or tasks that stays true: read page by page at first, then only what an event names
// is read again, so that a busy district costs a phone little.
import { useEffect, useRef, useState } from 'preact/hooks';
import { query, read } from './api.js';
import { onChange } from './live.js';

const PAGES = 5; // of a hundred: more than that is a search, not a duty

async function readAll(path, field, filter) {
    const rows = [];
    let cursor;
    for (let page = 0; page < PAGES; page++) {
        const answer = await read(path + query({ ...filter, limit: 100, cursor }));
        rows.push(...(answer[field] || []));
        cursor = answer.cursor;
        if (!cursor) return { rows, more: false };
    }
    return { rows, more: true };
}

const idOf = { whistles: 'number', tasks: 'id' };

// field: whistles or tasks. keep(row): does it still belong here?
export function useList(path, field, filter, keep = () => true) {
    const [state, setState] = useState({ rows: null, problem: null, more: false });
    const test = useRef(keep);
    test.current = keep;
    const wanted = path && path + query(filter);
    useEffect(() => {
        if (!wanted) return undefined;
        let gone = false;
        let timer = 0;
        let whole = 0; // when all of it was read last
        let numbers = new Set();
        const all = async () => {
            whole = Date.now();
            try {
                const found = await readAll(path, field, filter);
                if (!gone) setState({ ...found, problem: null });
            } catch (problem) {
                if (!gone) setState((old) => ({ ...old, problem }));
            }
        };
        const some = async () => {
            const now = [...numbers];
            numbers = new Set();
            if (now.length > 8) return all();
            const found = await Promise.all(now.map((number) => one(path, field, filter, number)));
            if (gone) return undefined;
            setState((old) => ({ ...old, problem: null, rows: merge(old.rows || [], now, found.flat(), field, test.current) }));
            return undefined;
        };
        all();
        const leave = onChange((event) => {
            clearTimeout(timer);
            if (event?.number) {
                numbers.add(event.number);
                timer = setTimeout(some, 60);
            } else timer = setTimeout(all, Math.max(60, whole + 4000 - Date.now()));
        });
        return () => {
            gone = true;
            clearTimeout(timer);
            leave();
        };
    }, [wanted]);
    const rows = state.rows && state.rows.filter((row) => test.current(row));
    return { data: rows, more: state.more, problem: state.problem, reload: () => setState((s) => ({ ...s })) };
}

async function one(path, field, filter, number) {
    try {
        if (field === 'whistles') return [await read(`${path}/${number}`)];
        return (await read(path + query({ ...filter, number }))).tasks || [];
    } catch {
        return [];
    }
}

function merge(rows, numbers, found, field, keep) {
    const id = idOf[field];
    const rest = rows.filter((row) => !numbers.includes(row.number));
    const unknown = numbers.filter((n) => !found.some((row) => row.number === n));
    const stale = field === 'whistles' ? rows.filter((row) => unknown.includes(row.number)) : [];
    const have = new Set();
    return [...found.filter(keep), ...stale, ...rest].filter((row) => !have.has(row[id]) && have.add(row[id]));
}
