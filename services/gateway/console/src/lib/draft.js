// SPDX-License-Identifier: Apache-2.0
// What somebody has typed stays: through a reload, a lost session, a server that is gone. A draft ends
// when its form was sent or thrown away.
import { useRef, useState } from 'preact/hooks';
import { forget, keep, kept } from './local.js';

// [values, set(field, value) or set({…}), clear, restored]
export function useDraft(name, initial) {
    const held = `draft.${name}`;
    const [values, setValues] = useState(() => ({ ...initial, ...kept(held) }));
    const [restored] = useState(() => kept(held) !== null);
    const now = useRef(values);
    // Kept with the key that was pressed, not later: the page may be gone by then.
    const set = (field, value) => {
        now.current = { ...now.current, ...(typeof field === 'string' ? { [field]: value } : field) };
        keep(held, now.current);
        setValues(now.current);
    };
    const clear = () => {
        forget(held);
        now.current = { ...initial };
        setValues(now.current);
    };
    return [values, set, clear, restored];
}
