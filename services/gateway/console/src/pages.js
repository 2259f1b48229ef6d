// SPDX-License-Identifier: Apache-2.0
// Every page: its address, whose it is, where it stands in the navigation, and how it is loaded. A page of
// another service (inspections, rosters, reports) is one more row. sides: '*' anybody logged in, 'open'
// without login too.

const named = (load, name) => () => load().then((m) => m[name]);
const whole = (load) => () => load().then((m) => m.default);
const lists = () => import('./pages/lists.jsx');
const operator = () => import('./pages/operator.jsx');
const open = () => import('./pages/public.jsx');

export const PAGES = [
    { path: '/', sides: ['street', 'department', 'community', 'district'], nav: 'home', load: whole(() => import('./pages/home.jsx')) },
    { path: '/', sides: ['operator'], nav: 'health', load: named(operator, 'Health') },
    { path: '/', sides: ['auditor', 'other'], nav: 'whistles', load: named(lists, 'Whistles') },
    { path: '/raise', sides: ['street', 'community'], nav: 'raise', load: whole(() => import('./pages/raise.jsx')) },
    { path: '/whistles', sides: ['street', 'community', 'district', 'department'], nav: 'whistles', load: named(lists, 'Whistles') },
    { path: '/whistles/:number', sides: '*', load: whole(() => import('./pages/whistle.jsx')) },
    { path: '/tasks/:id', sides: '*', load: whole(() => import('./pages/task.jsx')) },
    { path: '/print/:number', sides: '*', load: whole(() => import('./pages/print.jsx')) },
    { path: '/doubts', sides: ['street', 'district'], nav: 'doubts', load: named(lists, 'Doubts') },
    { path: '/map', sides: ['street', 'district'], nav: 'map', load: whole(() => import('./pages/map.jsx')) },
    { path: '/supervision', sides: ['district'], nav: 'supervision', load: named(lists, 'Supervision') },
    { path: '/routing', sides: ['district'], nav: 'routing', load: whole(() => import('./pages/routing.jsx')) },
    { path: '/dead-letters', sides: ['district', 'operator'], nav: 'dead', load: named(operator, 'DeadLetters') },
    { path: '/health', sides: ['district'], nav: 'health', load: named(operator, 'Health') },
    { path: '/people', sides: ['operator', 'district'], nav: 'people', load: whole(() => import('./pages/people.jsx')) },
    { path: '/account', sides: '*', load: whole(() => import('./pages/account.jsx')) },
    { path: '/report', sides: 'open', load: named(open, 'Report') },
    { path: '/status', sides: 'open', load: named(open, 'Status') },
    { path: '/l/:token', sides: 'open', load: whole(() => import('./pages/link.jsx')) },
];
