// SPDX-License-Identifier: Apache-2.0
// Dispatch: who answers a whistle, by when, and how far each department is. The descriptor is in
// handler_service.c, so that tests see it too.
#include "dispatch/handler_service.h"

int main(int argc, char **argv)
{
    return wh_service_main(&dispatch_service, argc, argv);
}
