// SPDX-License-Identifier: Apache-2.0
// A whistle as it was asked for, form checked (wire.c), nothing else. Texts are borrowed from the
// message, "" where absent. Everything the pure rules work on.
#ifndef WH_INTAKE_RAISE_H
#define WH_INTAKE_RAISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAISE_TITLE_MAX 100 // code points
#define RAISE_TEXT_MAX 5000
#define RAISE_ADDRESS_MAX 200
#define RAISE_REASON_MAX 500
#define RAISE_NAME_MAX 64
#define RAISE_EMAIL_MAX 254 // RFC 5321
#define RAISE_TAGS_MAX 16
#define RAISE_TAG_MAX 32
#define RAISE_ANSWERS_MAX 32
#define RAISE_ANSWER_MAX 500
#define RAISE_NEEDS_MAX 16
#define RAISE_JOINT_MAX 8
#define RAISE_TO_MAX 64
#define RAISE_ATTACHMENTS_MAX 16
#define RAISE_ATTACHMENT_MAX 200
#define RAISE_COUNT_MAX 100000
#define RAISE_PLACE_KM 100

struct raise_place {
    const char *unit, *address, *grid;
    bool has_point;
    double lat, lon; // degrees WGS84
};

struct raise_answer {
    const char *code, *value;
};

struct raise_need {
    int kind, per, count; // enums of common.proto
    const char *skill, *item;
    int64_t from_at, to_at;
};

struct raise {
    const char *unit, *category, *title, *text, *reason, *asked_by;
    const char *reporter_name, *reporter_phone, *reporter_email, *same_as;
    int priority, source; // enums of common.proto, 0 not given
    bool drill;
    struct raise_place place;
    const char *tags[RAISE_TAGS_MAX];
    struct raise_answer answers[RAISE_ANSWERS_MAX];
    struct raise_need needs[RAISE_NEEDS_MAX];
    const char *joint[RAISE_JOINT_MAX];
    const char *to[RAISE_TO_MAX];
    const char *attachments[RAISE_ATTACHMENTS_MAX];
    size_t n_tags, n_answers, n_needs, n_joint, n_to, n_attachments;
};

#endif
