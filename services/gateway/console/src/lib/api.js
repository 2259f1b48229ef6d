// SPDX-License-Identifier: Apache-2.0
// One way to speak to the gateway. Reads and writes with the session's cookie and token, problems as
// `Problem`, the server's clock from its answers. Knows nothing of pages.
import { signal } from '@preact/signals';
import { language } from './i18n.js';

export const token = signal(''); // X-CSRF-Token of the session
export const reachable = signal(true); // the last try reached the server
export const clockOffset = signal(0); // server minus this machine, ms
export const signedOut = signal(0); // counts answers that said: no session

// What the server refused, or that it could not be reached (status 0).
export class Problem extends Error {
    constructor(status, body = {}) {
        super(body.title || body.detail || body.code || String(status));
        Object.assign(this, { status, code: body.code, rule: body.rule, field: body.field,
            text: body.title || body.detail, requestId: body.request_id, after: body.retry_after_s });
    }

    // Another try with the same key may go well.
    get passing() {
        return this.status === 0 || this.status === 429 || this.status >= 502;
    }
}

function heard(response) {
    reachable.value = true;
    const date = Date.parse(response.headers.get('Date') || '');
    if (!date) return;
    const offset = date + 500 - Date.now();
    if (Math.abs(offset - clockOffset.value) > 1500) clockOffset.value = offset;
}

export const serverNow = () => Date.now() + clockOffset.value;

async function problemOf(response) {
    let body = {};
    try {
        body = await response.json();
    } catch {
        // a proxy's own page: the status says it
    }
    const after = Number(response.headers.get('Retry-After'));
    return new Problem(response.status, { ...body, retry_after_s: body.retry_after_s ?? (after || undefined) });
}

// method, path, {body, key (Idempotency-Key), timeout ms}. The answer's JSON, or throws a Problem.
export async function call(method, path, { body, key, timeout = 20000, bare } = {}) {
    const headers = { 'Accept-Language': language.value, Accept: 'application/json' };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (key) headers['Idempotency-Key'] = key;
    if (method !== 'GET' && token.value && !bare) headers['X-CSRF-Token'] = token.value;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeout);
    let response;
    try {
        response = await fetch(path, { method, headers, signal: stop.signal, cache: 'no-cache',
            credentials: 'same-origin', body: body === undefined ? undefined : JSON.stringify(body) });
        heard(response);
        if (!response.ok) throw await problemOf(response);
        if (response.status === 204) return null;
        return await response.json();
    } catch (error) {
        if (error instanceof Problem) {
            if (error.status === 401 && !bare) signedOut.value++;
            throw error;
        }
        reachable.value = false;
        throw new Problem(0);
    } finally {
        clearTimeout(timer);
    }
}

export const read = (path, options) => call('GET', path, options);

// "a=1&b=2" of what is set.
export function query(values) {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(values))
        if (value !== undefined && value !== null && value !== '') params.append(name, value);
    const text = params.toString();
    return text && `?${text}`;
}
