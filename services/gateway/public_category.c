// SPDX-License-Identifier: Apache-2.0
// Names and permissions of categories, as residents meet them.
#include "gateway/public_category.h"

bool category_is_shown(const struct wh_category *category)
{
    return category != NULL && !category->row->sensitive;
}

bool category_is_public(const struct wh_category *category)
{
    return category_is_shown(category) && category->row->resident;
}

const struct wh_category *category_public(const struct wh_district *district, const char *code)
{
    const struct wh_category *category = wh_district_category(district, code);
    return category_is_public(category) ? category : NULL;
}

static const char *first_of(const char *a, const char *b, const char *c, const char *d)
{
    const char *const texts[] = {a, b, c, d};
    for (int i = 0; i < 3; i++)
        if (texts[i][0] != 0)
            return texts[i];
    return d;
}

const char *category_public_name(const struct wh_category *category, bool english)
{
    const Whistle__V1__Category *row = category->row;
    return english ? first_of(row->public_en, row->en, row->public_zh, row->zh)
                   : first_of(row->public_zh, "", "", row->zh);
}

const char *category_response(const struct wh_category *category, bool english)
{
    const Whistle__V1__Category *row = category->row;
    return english && row->response_en[0] != 0 ? row->response_en : row->response_zh;
}

const char *category_advice(const struct wh_category *category, bool english)
{
    const Whistle__V1__Category *row = category->row;
    return english && row->advice_en[0] != 0 ? row->advice_en : row->advice_zh;
}

const char *party_name(const struct wh_party *party, bool english)
{
    return english && party->en[0] != 0 ? party->en : party->zh;
}
