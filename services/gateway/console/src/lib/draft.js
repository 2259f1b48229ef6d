// SPDX-License-Identifier: Apache-2.0
// What somebody has typed stays: through a reload, a lost session, a server that is gone. A draft ends
// when its form was sent or thrown away.
import { useEffect, useState } from 'preact/hooks';
import { forget, keep, kept } from './local.js';

// [values, set(field, value) or set({…}), clear, restored]
export function useDraft(name, initial) {
    const [values, setValues] = useState(() => ({ ...initial, ...kept(`draft.${name}`) }));
    const [restored] = useState(() => kept(`draft.${name}`) !== null);
    const [touched, setTouched] = useState(false);
    useEffect(() => {
        if (touched) keep(`draft.${name}`, values);
    }, [values, touched]);
    const set = (field, value) => {
        setTouched(true);
        setValues((old) => ({ ...old, ...(typeof field === 'string' ? { [field]: value } : field) }));
    };
    const clear = () => {
        setTouched(false);
        forget(`draft.${name}`);
        setValues({ ...initial });
    };
    return [values, set, clear, restored];
}
