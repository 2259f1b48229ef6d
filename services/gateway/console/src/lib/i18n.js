// SPDX-License-Identifier: Apache-2.0
// The two languages: Chinese first, English complete. Both come from the one table in texts/, of which
// only the language in use is loaded. A word that is missing is shown by its API name, so that a newer
// service never makes an older page fall silent.
import { signal } from '@preact/signals';
import { keep, kept } from './local.js';

const load = { zh: () => import('texts:zh'), en: () => import('texts:en') };
const words = signal({});
export const language = signal('zh');

export async function speak(wanted) {
    const lang = load[wanted] ? wanted : 'zh';
    words.value = (await load[lang]()).default;
    language.value = lang;
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
    keep('language', lang);
}

export function preferred() {
    const asked = kept('language');
    if (asked) return asked;
    const first = (navigator.languages || [navigator.language || 'zh'])[0] || 'zh';
    return /^en/i.test(first) ? 'en' : 'zh';
}

export function t(key, values) {
    const text = words.value[key];
    if (text === undefined) return key;
    return values ? text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all) : text;
}

// An enum value of the API in words; unknown ones as they came.
export function word(kind, value) {
    if (!value) return '';
    return words.value[`${kind}.${value}`] ?? value;
}

// zh and en of an object that carries both.
export function both(object) {
    if (!object) return '';
    return (language.value === 'en' ? object.en || object.zh : object.zh || object.en) || object.code || '';
}
