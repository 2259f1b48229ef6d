// SPDX-License-Identifier: Apache-2.0
// What changes while one looks: the gateway's event stream, and where it does not flow a look every few
// seconds. An event says which object changed; whoever shows that object reads it again, so the page
// never holds a second fold of the journal.
import { signal } from '@preact/signals';
import { call, reachable } from './api.js';

const POLL = 5000; // ms between looks without a stream
const SILENT = 150000; // ms without an event until a stream is opened anew: a dead one cannot be told from a calm one
const ASLEEP = 20000; // ms: the same when the page comes back to the front

export const line = signal('off'); // off, live, polling, down
const ears = new Set();
let source = null;
let last = 0;
let wanted = false;
let retry = 1000;
let timer = 0;
let gap = false; // something may have happened that this page was not told

// listener(event) with {number, kind, …}, or (null): anything may have changed. Returns how to leave.
export function onChange(listener) {
    ears.add(listener);
    return () => ears.delete(listener);
}

function tell(event) {
    for (const ear of [...ears]) ear(event);
}

function heard(message) {
    last = Date.now();
    if (line.value !== 'live') line.value = 'live';
    reachable.value = true;
    if (message?.data) {
        try {
            tell(JSON.parse(message.data));
        } catch {
            tell(null);
        }
    }
}

function drop() {
    source?.close();
    source = null;
}

function open() {
    clearTimeout(timer);
    drop();
    if (!wanted) return;
    last = Date.now();
    source = new EventSource('/api/v1/feed');
    source.onopen = () => {
        retry = 1000;
        heard();
        if (gap) tell(null);
        gap = false;
    };
    source.onmessage = heard;
    source.addEventListener('rewound', () => tell(null));
    source.onerror = () => {
        drop();
        gap = true;
        look();
        timer = setTimeout(open, retry + Math.random() * 500);
        retry = Math.min(retry * 2, 15000);
    };
}

function anew() {
    gap = true;
    open();
}

// Without a stream: is the server there? Then let everything on the page be read again.
async function look() {
    if (!wanted || source?.readyState === 1) return;
    try {
        await call('GET', '/api/v1/session', { timeout: 8000 });
        line.value = 'polling';
        tell(null);
    } catch (problem) {
        line.value = problem.status === 0 || problem.status >= 500 ? 'down' : line.value;
    }
}

setInterval(() => {
    if (!wanted) return;
    if (source?.readyState === 1 && Date.now() - last < SILENT) return;
    if (source?.readyState === 1) anew();
    else if (!document.hidden) look();
}, POLL);

document.addEventListener('visibilitychange', () => {
    if (!document.hidden && wanted && Date.now() - last > ASLEEP) anew();
});
addEventListener('online', () => wanted && anew());
addEventListener('offline', () => {
    if (!wanted) return;
    reachable.value = false;
    line.value = 'down';
});

export function listen() {
    if (wanted) return;
    wanted = true;
    gap = true; // between the first reads and the stream
    retry = 1000;
    open();
}

export function hush() {
    wanted = false;
    clearTimeout(timer);
    drop();
    line.value = 'off';
}
