// SPDX-License-Identifier: Apache-2.0
// What this browser keeps: the language, drafts, what waits to be sent. Where storage is full or
// forbidden things are kept as long as the page is open, and nobody is stopped.

const PREFIX = 'whistle.';
const memory = new Map();

export function kept(name) {
    try {
        const text = localStorage.getItem(PREFIX + name);
        if (text !== null) return JSON.parse(text);
    } catch {
        // no storage, or not ours: what the page itself holds
    }
    return memory.get(name) ?? null;
}

// true: it survives the page.
export function keep(name, value) {
    memory.set(name, value);
    try {
        localStorage.setItem(PREFIX + name, JSON.stringify(value));
        return true;
    } catch {
        return false;
    }
}

export function forget(name) {
    memory.delete(name);
    try {
        localStorage.removeItem(PREFIX + name);
    } catch {
        // nothing was kept
    }
}

export function keptNames(start) {
    const names = new Set([...memory.keys()].filter((n) => n.startsWith(start)));
    try {
        for (let i = 0; i < localStorage.length; i++) {
            const key = localStorage.key(i);
            if (key.startsWith(PREFIX + start)) names.add(key.slice(PREFIX.length));
        }
    } catch {
        // no storage
    }
    return [...names];
}
