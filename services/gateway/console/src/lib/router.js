// SPDX-License-Identifier: Apache-2.0
// Addresses of the console: plain paths, the browser's own history. A link is an ordinary <a href>.
import { signal } from '@preact/signals';

const here = () => ({ path: location.pathname, search: new URLSearchParams(location.search) });
export const place = signal(here());

export const moved = { yes: false }; // somebody has gone from page to page here

export function go(path, { replace = false } = {}) {
    if (path === location.pathname + location.search) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', path);
    moved.yes = true;
    place.value = here();
    scrollTo(0, 0);
}

addEventListener('popstate', () => {
    place.value = here();
});

// Clicks on our own links stay in the page; new windows, downloads and foreign addresses do not.
addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (/^\/(api|open311|openapi|healthz|metrics)/.test(link.pathname)) return;
    if (link.pathname === location.pathname && link.hash) return;
    event.preventDefault();
    go(link.pathname + link.search);
});

// "/whistles/:number" against a path: its captures or null.
export function match(pattern, path) {
    const want = pattern.split('/');
    const have = path.replace(/\/$/, '').split('/');
    if (have.length !== want.length && !(path === '/' && pattern === '/')) return null;
    const found = {};
    for (let i = 0; i < want.length; i++) {
        if (want[i].startsWith(':')) found[want[i].slice(1)] = decodeURIComponent(have[i]);
        else if (want[i] !== (have[i] ?? '')) return null;
    }
    return found;
}
