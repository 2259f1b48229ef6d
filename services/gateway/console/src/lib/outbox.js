// SPDX-License-Identifier: Apache-2.0
// Every write goes through here: it is put down in this browser first, then sent under one
// Idempotency-Key until the server has said yes or no. So a tap in a tunnel is one check-in, not none
// and not two. Writes about one object leave in order; other objects do not wait for them.
import { signal } from '@preact/signals';
import { call, Problem, reachable } from './api.js';
import { uuid7 } from './ids.js';
import { forget, keep, kept } from './local.js';

const WAITS = [500, 1000, 2000, 4000, 8000, 15000]; // ms between tries
const OLDEST = 24 * 3600e3; // not sent after a day: then a person looks

export const waiting = signal(kept('outbox') || []);
export const sent = signal([]); // what left late, for whoever waited: {key, label, ref}, newest first
export const sender = signal(''); // whose writes may leave now: the person, or the link
const running = new Map(); // lane → wakes its pause
const promises = new Map(); // key → {resolve, reject}

function save(entries) {
    waiting.value = entries;
    keep('outbox', entries);
}

const change = (key, fields) => save(waiting.value.map((e) => (e.key === key ? { ...e, ...fields } : e)));
export const discard = (key) => save(waiting.value.filter((e) => e.key !== key));

function settle(entry, how, value) {
    const promise = promises.get(entry.key);
    promises.delete(entry.key);
    promise?.[how](value);
}

async function attempt(entry) {
    try {
        const answer = await call(entry.method, entry.path, { body: entry.body, key: entry.key, bare: entry.bare });
        if (entry.draft) forget(`draft.${entry.draft}`);
        if (entry.tries > 0 || !promises.has(entry.key)) sent.value = [{ key: entry.key, label: entry.label, ref: answer?.ref }, ...sent.value].slice(0, 5);
        discard(entry.key);
        settle(entry, 'resolve', answer);
        return 0;
    } catch (problem) {
        if (problem.passing && Date.now() - entry.at < OLDEST) {
            const tries = entry.tries + 1;
            change(entry.key, { tries });
            return problem.after ? problem.after * 1000 : WAITS[Math.min(tries, WAITS.length) - 1];
        }
        if (problem.status === 401 && !entry.bare) return -1; // kept until somebody is logged in
        // Nobody is waiting for the answer any more: it stays on the page with the reason.
        if (promises.has(entry.key)) discard(entry.key);
        else change(entry.key, { refused: problem.text || problem.message });
        settle(entry, 'reject', problem);
        return 0;
    }
}

const head = (lane) => waiting.value.find((e) => e.lane === lane && !e.refused && e.who === sender.value);

async function drain(lane) {
    if (running.has(lane)) return running.get(lane)();
    running.set(lane, () => {});
    try {
        for (let entry = head(lane); entry; entry = head(lane)) {
            const pause = await attempt(entry);
            if (pause < 0) break;
            if (pause > 0)
                await new Promise((resolve) => {
                    const timer = setTimeout(resolve, pause);
                    running.set(lane, () => (clearTimeout(timer), resolve()));
                });
        }
    } finally {
        running.delete(lane);
    }
}

// Sends what waits, now: at a start, after a login, when the network is back.
export function flush() {
    for (const lane of new Set(waiting.value.map((e) => e.lane))) drain(lane);
}
addEventListener('online', flush);
reachable.subscribe((yes) => yes && queueMicrotask(flush));

// {path, body, lane, label, draft}: resolves with the answer, rejects with the refusal; as long as
// neither came the entry stands in `waiting`. draft: what was typed for it, forgotten once it is taken,
// also after a reload.
export function post({ method = 'POST', path, body = {}, lane = path, label, draft, bare = false }) {
    const entry = { key: uuid7(), method, path, body, lane, label, draft, bare, who: sender.value, at: Date.now(), tries: 0 };
    save([...waiting.value, entry]);
    return new Promise((resolve, reject) => {
        promises.set(entry.key, { resolve, reject });
        drain(lane);
    });
}

export { Problem };
