// SPDX-License-Identifier: Apache-2.0
// The service's descriptor.
#ifndef WH_GATEWAY_HANDLER_SERVICE_H
#define WH_GATEWAY_HANDLER_SERVICE_H

#include "runtime/service.h"

extern const struct wh_service gateway_service;

#endif
