// SPDX-License-Identifier: Apache-2.0
// The district as points: its communities by name, and on them whistles, or one point to be chosen. No
// tiles, no foreign server; every point can be reached by keyboard.
import { useMemo, useState } from 'preact/hooks';
import { both, t, word } from '../lib/i18n.js';
import { frameOf, metres, projector } from '../lib/mapping.js';
import { units } from '../lib/store.js';
import { go } from '../lib/router.js';

const STREETS = ['SUBDISTRICT', 'TOWN', 'TOWNSHIP'];
const COMMUNITIES = ['COMMUNITY', 'VILLAGE'];
const placed = (u) => u.lat !== undefined && u.lon !== undefined;

function Ground({ area, pro }) {
    return area.map((u) => {
        const { x, y } = pro.to(u);
        const big = STREETS.includes(u.level);
        return (
            <g key={u.code} class={big ? 'ground street' : 'ground'}>
                {!big && <circle cx={x} cy={y} r={4} />}
                <text x={x} y={y - (big ? 36 : 9)} text-anchor="middle">{both(u)}</text>
            </g>
        );
    });
}

function useArea(street) {
    return useMemo(() => {
        const all = units.value.filter((u) => placed(u) && [...STREETS, ...COMMUNITIES].includes(u.level));
        const area = street ? all.filter((u) => u.code === street || u.parent === street) : all;
        if (area.length === 0) return null;
        return { area, pro: projector(frameOf(area)) };
    }, [street, units.value]);
}

// P1 a diamond, P2 a triangle, P3 a circle, P4 a square: colour never says it alone.
function Shape({ priority, x, y }) {
    const r = 13;
    const at = (...points) => points.map(([dx, dy]) => `${x + dx * r},${y + dy * r}`).join(' ');
    if (priority === 'P1') return <polygon points={at([0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0])} />;
    if (priority === 'P2') return <polygon points={at([0, -1.2], [1.15, 0.85], [-1.15, 0.85])} />;
    if (priority === 'P4') return <rect x={x - r * 0.85} y={y - r * 0.85} width={r * 1.7} height={r * 1.7} />;
    return <circle cx={x} cy={y} r={r} />;
}

function spread(whistles, pro) {
    const seen = new Map();
    return whistles.map((w) => {
        const { x, y } = pro.to(w.place);
        const key = `${Math.round(x / 16)},${Math.round(y / 16)}`;
        const n = seen.get(key) || 0;
        seen.set(key, n + 1);
        const angle = n * 2.4;
        return { w, x: x + Math.cos(angle) * 20 * Math.sqrt(n), y: y + Math.sin(angle) * 20 * Math.sqrt(n) };
    });
}

export function Points({ whistles, street }) {
    const found = useArea(street);
    if (!found) return null;
    const { area, pro } = found;
    return (
        <svg class="map" viewBox={`0 0 ${pro.width} ${pro.height}`} role="group" aria-label={t('map.title')}>
            <Ground area={area} pro={pro} />
            {spread(whistles, pro).map(({ w, x, y }) => (
                <a key={w.number} href={`/whistles/${w.number}`} class={`point ${w.priority}`}
                    onClick={(e) => { e.preventDefault(); go(`/whistles/${w.number}`); }}
                    aria-label={`${word('priority', w.priority)} ${w.title} ${word('whistle', w.state)}`}>
                    <title>{`${word('priority', w.priority)} · ${w.title} · ${word('whistle', w.state)}`}</title>
                    <Shape priority={w.priority} x={x} y={y} />
                </a>
            ))}
        </svg>
    );
}

export function Legend() {
    return (
        <p class="legend">
            <span class="quiet">{t('map.legend')}</span>
            {['P1', 'P2', 'P3', 'P4'].map((p) => (
                <span key={p}><svg class={`map key ${p}`} viewBox="0 0 40 40" aria-hidden="true"><g class={`point ${p}`}><Shape priority={p} x={20} y={20} /></g></svg>{word('priority', p)}</span>
            ))}
        </p>
    );
}

const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// value: {lat, lon} or nothing; unit: the community it should lie in.
export function Pick({ street, unit, value, onValue }) {
    const found = useArea(street);
    const [cursor, setCursor] = useState(null);
    if (!found) return null;
    const { area, pro } = found;
    const centre = area.find((u) => u.code === unit) || area[0];
    const set = (point) => {
        const { lat, lon } = pro.from(point);
        onValue({ lat: Math.round(lat * 1e5) / 1e5, lon: Math.round(lon * 1e5) / 1e5 });
    };
    const click = (event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const scale = pro.width / box.width;
        set({ x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale });
        setCursor(null);
    };
    const key = (event) => {
        const from = cursor || pro.to(value || centre);
        if (STEP[event.key]) {
            const far = event.shiftKey ? 40 : 8;
            setCursor({ x: from.x + STEP[event.key][0] * far, y: from.y + STEP[event.key][1] * far });
        } else if (event.key === 'Enter' || event.key === ' ') {
            set(from);
            setCursor(null);
        } else return;
        event.preventDefault();
    };
    const at = value && pro.to(value);
    return (
        <div class="pick">
            <p class="hint" id="pick-hint">{t('raise.map.hint')}</p>
            <svg class="map choosing" viewBox={`0 0 ${pro.width} ${pro.height}`} tabIndex={0} role="application"
                aria-label={t('raise.map')} aria-describedby="pick-hint" onClick={click} onKeyDown={key}>
                <Ground area={area} pro={pro} />
                {at && <circle class="chosen" cx={at.x} cy={at.y} r={12} />}
                {cursor && <path class="cursor" d={`M${cursor.x - 18} ${cursor.y}h36M${cursor.x} ${cursor.y - 18}v36`} />}
            </svg>
            <p class="small" role="status">
                {value && t('raise.map.chosen', { unit: both(centre), n: metres(value, centre) })}
                {value && <button type="button" class="linklike" onClick={() => onValue(null)}>{t('raise.map.clear')}</button>}
            </p>
        </div>
    );
}
