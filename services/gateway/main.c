// SPDX-License-Identifier: Apache-2.0
// Gateway: what people and other systems touch. The descriptor is in handler_service.c, so that
// tests see it too.
#include "gateway/handler_service.h"

int main(int argc, char **argv)
{
    return wh_service_main(&gateway_service, argc, argv);
}
