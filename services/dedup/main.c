// SPDX-License-Identifier: Apache-2.0
// Dedup: is this a new matter, or one that was reported already? The descriptor is in
// handler_service.c, so that tests see it too.
#include "dedup/handler_service.h"

int main(int argc, char **argv)
{
    return wh_service_main(&dedup_service, argc, argv);
}
