// SPDX-License-Identifier: Apache-2.0
// Which of the two languages somebody reads, from Accept-Language (RFC 9110, 12.5.4).
#ifndef WH_GATEWAY_LANGUAGE_H
#define WH_GATEWAY_LANGUAGE_H

#include "base/error.h"

enum gateway_language { LANGUAGE_ZH, LANGUAGE_EN };

// accept: the header's value, NULL or "" where absent. Chinese where neither is wanted more.
enum gateway_language language_of(const char *accept);
const char *language_tag(enum gateway_language language); // "zh-CN", "en"
const char *language_rule(enum gateway_language language, const struct wh_rule_info *rule);

#endif
