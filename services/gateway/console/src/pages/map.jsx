// SPDX-License-Identifier: Apache-2.0
// Open whistles where they are. Those with an address alone are counted, not guessed.
import { useState } from 'preact/hooks';
import { both, t } from '../lib/i18n.js';
import { useResource } from '../lib/resource.js';
import { units } from '../lib/store.js';
import { Head, Loaded, Select } from '../parts/controls.jsx';
import { Legend, Points } from '../parts/map.jsx';
import { Priority, WhistleState } from '../parts/matters.jsx';

const STREETS = ['SUBDISTRICT', 'TOWN', 'TOWNSHIP'];

function pointsOf(data) {
    return (data.features || []).filter((f) => f.geometry?.coordinates).map((f) => ({ ...f.properties,
        place: { lon: f.geometry.coordinates[0], lat: f.geometry.coordinates[1] } }));
}

export default function MapPage() {
    const [street, setStreet] = useState('');
    const map = useResource('/api/v1/map');
    const streets = units.value.filter((u) => STREETS.includes(u.level));
    return (
        <>
            <Head title={t('map.title')} />
            <div class="filters">{streets.length > 1 && <Select label={t('map.street')} value={street} onValue={setStreet} empty={t('list.all')} options={streets.map((u) => [u.code, both(u)])} />}<Legend /></div>
            <Loaded resource={map}>
                {(data) => {
                    const points = pointsOf(data);
                    const rough = points.filter((p) => p.exact === false).length;
                    return (
                        <>
                            <Points whistles={points} street={street} />
                            {points.length === 0 && <p class="calm">{t('map.none')}</p>}
                            {rough > 0 && <p class="small quiet">{t('map.unplaced', { n: rough })}</p>}
                            <ul class="plain lines map-list">{points.map((p) => <li key={p.number}><span><Priority value={p.priority} /> <a href={`/whistles/${p.number}`}>{p.title || p.number}</a></span><WhistleState value={p.state} /></li>)}</ul>
                        </>
                    );
                }}
            </Loaded>
        </>
    );
}
