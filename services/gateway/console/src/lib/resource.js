// SPDX-License-Identifier: Apache-2.0
// Something read from the server that stays true while it is on the page: read at first, read again when
// an event names it, at most about once a second, and with what it was shown while that runs.
import { useEffect, useRef, useState } from 'preact/hooks';
import { read } from './api.js';
import { onChange } from './live.js';

const CALM = 900; // ms between two reads of one thing
const SOON = 60; // ms: events that come together are one

// path: null reads nothing. concerns(event): does it touch this? (default: always)
export function useResource(path, concerns) {
    const [state, setState] = useState({ data: null, problem: null, path: null });
    const test = useRef(concerns);
    const again = useRef(() => {});
    test.current = concerns;
    useEffect(() => {
        if (!path) return undefined;
        let gone = false;
        let busy = false;
        let due = false;
        let at = 0;
        let timer = 0;
        const load = async () => {
            busy = true;
            due = false;
            at = Date.now();
            try {
                const data = await read(path);
                if (!gone) setState({ data, problem: null, path });
            } catch (problem) {
                if (!gone) setState((old) => ({ data: old.path === path ? old.data : null, problem, path }));
            }
            busy = false;
            if (due && !gone) soon();
        };
        const soon = () => {
            due = true;
            if (busy) return;
            clearTimeout(timer);
            timer = setTimeout(load, Math.max(SOON, at + CALM - Date.now()));
        };
        again.current = load;
        load();
        const leave = onChange((event) => {
            if (event === null || !test.current || test.current(event)) soon();
        });
        return () => {
            gone = true;
            clearTimeout(timer);
            leave();
        };
    }, [path]);
    const fresh = state.path === path;
    return { data: fresh ? state.data : null, problem: fresh ? state.problem : null,
        loading: !!path && !(fresh && (state.data || state.problem)), reload: () => again.current() };
}
