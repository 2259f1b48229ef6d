// SPDX-License-Identifier: Apache-2.0
// Points of the district on a flat picture: equirectangular about its middle, good to metres over 30 km.

const M_PER_DEGREE = 111320;

export function frameOf(points, margin = 0.12) {
    const lats = points.map((p) => p.lat);
    const lons = points.map((p) => p.lon);
    const mid = { lat: (Math.min(...lats) + Math.max(...lats)) / 2, lon: (Math.min(...lons) + Math.max(...lons)) / 2 };
    const shrink = Math.cos((mid.lat * Math.PI) / 180);
    const width = Math.max((Math.max(...lons) - Math.min(...lons)) * shrink, 0.01) * (1 + 2 * margin);
    const height = Math.max(Math.max(...lats) - Math.min(...lats), 0.008) * (1 + 2 * margin);
    return { mid, shrink, width: Math.max(width, height * 1.2), height: Math.max(height, width * 0.45) };
}

// To a picture of 1000 units' width, and back.
export function projector(frame) {
    const scale = 1000 / frame.width;
    return {
        width: 1000,
        height: Math.round(frame.height * scale),
        to: ({ lat, lon }) => ({ x: 500 + (lon - frame.mid.lon) * frame.shrink * scale,
            y: (frame.height * scale) / 2 - (lat - frame.mid.lat) * scale }),
        from: ({ x, y }) => ({ lon: frame.mid.lon + (x - 500) / scale / frame.shrink,
            lat: frame.mid.lat - (y - (frame.height * scale) / 2) / scale }),
        metre: scale / M_PER_DEGREE,
    };
}

export function metres(a, b) {
    const dy = (a.lat - b.lat) * M_PER_DEGREE;
    const dx = (a.lon - b.lon) * M_PER_DEGREE * Math.cos((a.lat * Math.PI) / 180);
    return Math.round(Math.hypot(dx, dy));
}

// For whatever map programs a phone has; computers get the coordinates.
export const geoLink = (place) =>
    place?.lat !== undefined && place?.lon !== undefined
        ? `geo:${place.lat},${place.lon}?q=${place.lat},${place.lon}(${encodeURIComponent(place.address || '')})`
        : place?.address ? `geo:0,0?q=${encodeURIComponent(place.address)}` : null;
