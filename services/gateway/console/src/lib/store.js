// SPDX-License-Identifier: Apache-2.0
// Who is logged in, and the district's own names: units, departments, categories.
import { computed, signal } from '@preact/signals';
import { call, read, signedOut, token } from './api.js';
import { both, t } from './i18n.js';
import { hush, listen } from './live.js';
import { flush, sender } from './outbox.js';
import { useZone } from './time.js';

export const session = signal(undefined); // undefined: not asked yet; null: nobody
export const units = signal([]);
export const departments = signal([]);
export const categories = signal([]);

const byCode = computed(() => new Map([...units.value, ...departments.value].map((o) => [o.code, o])));
const categoryBy = computed(() => new Map(categories.value.map((c) => [c.code, c])));

export const unitOf = (code) => byCode.value.get(code);
export const categoryOf = (code) => categoryBy.value.get(code);
export const categoryName = (code) => both(categoryBy.value.get(code)) || code;

// A unit's or body's name; the district's own desk has no row.
export function nameOf(code) {
    if (!code) return '';
    const found = byCode.value.get(code);
    if (found) return both(found);
    return code === 'DISTRICT' ? t('name.DISTRICT') : code;
}

// "望河街道 › 东堤社区"
export function pathOf(code) {
    const names = [];
    for (let unit = unitOf(code); unit && unit.level !== 'DISTRICT'; unit = unitOf(unit.parent)) names.unshift(both(unit));
    return names.join(' › ');
}

export const below = (code) => units.value.filter((u) => u.parent === code);

const SIDES = {
    STREET_OPERATOR: 'street', STREET_APPROVER: 'street', DUTY_DESK: 'department', OFFICER: 'department',
    HEAD: 'department', DISPATCHER: 'district', LEADER: 'district', AUDITOR: 'auditor', OPERATOR: 'operator',
    COMMUNITY_WORKER: 'community', COMMUNITY_SECRETARY: 'community', GRID_WORKER: 'community',
};

// Which pages a post has: street, department, community, district, operator, auditor or other.
export const side = computed(() => SIDES[session.value?.post?.role] || (session.value ? 'other' : null));
export const may = (...roles) => roles.includes(session.value?.post?.role);

export async function loadNames() {
    const [u, d, c] = await Promise.all([read('/api/v1/units'), read('/api/v1/departments'), read('/api/v1/categories')]);
    units.value = u.units || [];
    departments.value = d.departments || [];
    categories.value = c.categories || [];
}

async function take(found) {
    token.value = found.csrf_token || '';
    sender.value = found.person?.code || '';
    useZone(found.timezone);
    session.value = found;
    await loadNames().catch(() => {});
    listen();
    flush();
    return found;
}

function nobody() {
    hush();
    token.value = '';
    sender.value = '';
    session.value = null;
}

export async function findSession() {
    try {
        await take(await call('GET', '/api/v1/session'));
    } catch (problem) {
        if (problem.status === 401 || problem.status === 404) nobody();
        else throw problem;
    }
}

export const login = async (name, password) =>
    take(await call('POST', '/api/v1/session', { body: { login: name, password }, bare: true }));

export const changePost = async (post) =>
    take(await call('POST', '/api/v1/session/post', { body: { identity: post.identity, role: post.role } }));

export async function logout() {
    try {
        await call('DELETE', '/api/v1/session');
    } finally {
        nobody();
    }
}

signedOut.subscribe((n) => {
    if (n > 0 && session.value) nobody();
});
