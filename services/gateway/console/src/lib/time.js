// SPDX-License-Identifier: Apache-2.0
// Times in words. The one ticking clock of the page (the server's, by its answers), spans as people say
// them, and how near a due time is.
import { signal } from '@preact/signals';
import { language, t } from './i18n.js';
import { serverNow } from './api.js';

export const now = signal(serverNow());
setInterval(() => {
    if (!document.hidden) now.value = serverNow();
}, 1000);
document.addEventListener('visibilitychange', () => {
    now.value = serverNow();
});

const MINUTE = 60e3;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// RFC 3339, or milliseconds as they are (a field named `at` alone).
export const ms = (at) => (typeof at === 'number' ? at : at ? Date.parse(at) : 0);

// "12 分 05 秒", "3 小时 20 分", "2 天 4 小时": two units at most.
export function span(length) {
    const of = Math.abs(length);
    const parts = (a, na, b, nb) => (b ? t('span.two', { a: t(na, { n: a }), b: t(nb, { n: b }) }) : t(na, { n: a }));
    if (of < MINUTE) return t('span.s', { n: Math.floor(of / 1000) });
    if (of < HOUR) return parts(Math.floor(of / MINUTE), 'span.min', Math.floor((of % MINUTE) / 1000), 'span.s');
    if (of < DAY) return parts(Math.floor(of / HOUR), 'span.h', Math.floor((of % HOUR) / MINUTE), 'span.min');
    return parts(Math.floor(of / DAY), 'span.d', Math.floor((of % DAY) / HOUR), 'span.h');
}

// "late", "near" (a fifth of the way is left, or five minutes), "far", or "" without a due time.
export function nearness(due, from, at) {
    if (!due) return '';
    if (at >= due) return 'late';
    const left = due - at;
    if (left < 5 * MINUTE) return 'near';
    return from && left < (due - from) / 5 ? 'near' : 'far';
}

const local = () => (language.value === 'en' ? 'en-GB' : 'zh-CN');
let zone = 'Asia/Shanghai'; // the district's, once a session says it
export const useZone = (name) => (zone = name || zone);

function format(at, options) {
    return new Intl.DateTimeFormat(local(), { timeZone: zone, hour12: false, ...options }).format(at);
}

const CLOCK = { hour: '2-digit', minute: '2-digit' };

export const clockTime = (at) => format(at, CLOCK);
export const dayOf = (at) => format(at, { year: 'numeric', month: '2-digit', day: '2-digit' });

// "08:20" today, else with the day.
export function when(at) {
    if (!at) return '';
    return dayOf(at) === dayOf(serverNow()) ? clockTime(at) : format(at, { month: '2-digit', day: '2-digit', ...CLOCK });
}

export const exactly = (at) =>
    at ? format(at, { year: 'numeric', month: '2-digit', day: '2-digit', ...CLOCK, second: '2-digit' }) : '';
