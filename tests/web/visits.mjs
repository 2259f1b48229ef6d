// SPDX-License-Identifier: Apache-2.0
// Which pages each role is shown, for the page tests and the pictures.

const one = (w, ...names) => names.map((name) => w.samples[name]).filter(Boolean).map((number) => `/whistles/${number}`);

export const VISITS = {
    street: (w) => ['/', '/raise', '/whistles', '/whistles?board=overdue', '/doubts', '/map', '/account', ...one(w, 'running', 'waiting', 'refused', 'reported'), `/print/${w.samples.running}`],
    gas: (w) => ['/', '/whistles', `/tasks/${w.samples.running}-GASCO`],
    fire: (w) => [`/tasks/${w.samples.running}-FIRE`],
    community: (w) => ['/', '/raise', ...one(w, 'running')],
    district: (w) => ['/', '/supervision', '/routing', '/dead-letters', '/map', '/health', ...one(w, 'refused')],
    operator: () => ['/', '/dead-letters', '/people', '/account'],
};

export const PUBLIC = (w) => ['/', '/report', '/status', '/nowhere', ...(w.link ? [w.link] : []), '/l/ended'];
