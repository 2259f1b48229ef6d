// SPDX-License-Identifier: Apache-2.0
// Where whistles are, for the published views: the point that was given with what was raised, as
// often as an event carries it (raised again after a return, it may be another).
#include <math.h>

#include "client/frame.h"
#include "dispatch/store.h"
#include "dispatch/words.h"

// What an event says of the whistle itself, NULL where it says nothing.
static const Whistle__V1__WhistleFacts *facts_of(const Whistle__V1__DispatchEvent *event)
{
    switch (event->what_case) {
    case WHISTLE__V1__DISPATCH_EVENT__WHAT_RECEIVED:
        return event->received->whistle;
    case WHISTLE__V1__DISPATCH_EVENT__WHAT_DISPATCHED:
        return event->dispatched->whistle;
    case WHISTLE__V1__DISPATCH_EVENT__WHAT_HELD:
        return event->held->whistle;
    case WHISTLE__V1__DISPATCH_EVENT__WHAT_JOINED:
        return event->joined->whistle;
    default:
        return NULL;
    }
}

int store_put_point(struct wh_turn *turn, int64_t number, const Whistle__V1__DispatchEvent *event)
{
    const Whistle__V1__WhistleFacts *facts = facts_of(event);
    const Whistle__V1__Place *place = facts == NULL ? NULL : facts->place;
    if (place == NULL || place->lat_is_case != WHISTLE__V1__PLACE__LAT_IS_LAT ||
        place->lon_is_case != WHISTLE__V1__PLACE__LON_IS_LON)
        return 0;
    return WH_PUT(turn, PUT_POINT, WH_L(number), WH_I(lround(place->lat * 1e6)),
                  WH_I(lround(place->lon * 1e6)));
}
