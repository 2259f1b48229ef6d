// SPDX-License-Identifier: Apache-2.0
// Flat and room numbers: "502室", "502号房", "3单元502", "12号楼502", "2-1-502", "五零二室",
// "502、503室". The building and the unit stay readable; what is cut is the flat's own number with
// its word. Never cut: buildings (3号楼), units (1单元), road numbers (东堤路18号), counts, layouts
// (3室2厅), service numbers. Flats told by words only (五楼东户) are not found.
#include "base/mask_scan.h"

#define LIST_MARKS U"、,,和及与或至到~～-－"

struct flat {
    struct mask_run run;
    size_t end;            // behind the digits and a letter that belongs to them (502A)
    enum mask_place place; // what stands before
};

// The word that makes a number a flat: its end, 0 where there is none. short_ok: one and two digits
// will do, because a building or unit stands before.
static size_t room_word(const struct mask_text *text, const struct flat *flat, bool short_ok)
{
    size_t next, end, pos = mask_skip(text, flat->end, U" 　", 1);
    bool enough = flat->run.n >= 3 || short_ok;
    if ((end = mask_word(text, pos, "号房间")) || (end = mask_word(text, pos, "号室")))
        return end;
    if ((end = mask_word(text, pos, "号房")))
        return mask_in(mask_at(text, end, &next), U"屋产顶东") ? 0 : end;
    if (!enough)
        return 0;
    if ((end = mask_word(text, pos, "室"))) {
        char32_t point = mask_at(text, end, &next);
        bool layout =
            flat->run.n == 1 && (mask_digit(point) >= 0 || mask_chinese_digit(point) >= 0 ||
                                 mask_in(point, U"两户一厅"));
        return layout ? 0 : end;
    }
    if ((end = mask_word(text, pos, "房间")))
        return end;
    if ((end = mask_word(text, pos, "房")))
        return mask_in(mask_at(text, end, &next), U"屋产租价") ? 0 : end;
    return 0;
}

// "12号楼502号", "1单元3号", but not "3单元2号楼" and not "东堤路502号".
static size_t number_word(const struct mask_text *text, const struct flat *flat)
{
    size_t next, end = mask_word(text, flat->end, "号");
    if (!end || mask_in(mask_at(text, end, &next), U"楼院线门栋"))
        return 0;
    bool three = flat->run.n >= 3 && flat->place == MASK_PLACE_STRONG;
    return three || mask_unit_before(text, flat->run.from) ? end : 0;
}

// A number that a storey and a flat could make: 101 to 9920, not 110, 119, 120, 122.
static bool is_plausible(const struct mask_run *run)
{
    int value = 0;
    for (size_t i = 0; i < run->n; i++)
        value = value * 10 + run->digits[i];
    bool service = value == 110 || value == 119 || value == 120 || value == 122;
    return !service && value % 100 >= 1 && value % 100 <= 20;
}

// Three or four digits without a word of their own: does what stands before make them a flat?
static bool is_bare_flat(const struct mask_text *text, const struct flat *flat)
{
    const struct mask_run *run = &flat->run;
    if (run->n < 3 || run->n > 4 || run->digits[0] == 0)
        return false;
    if (flat->place == MASK_PLACE_NONE || mask_counts_after(text, flat->end))
        return false;
    return flat->place == MASK_PLACE_STRONG || is_plausible(run);
}

// "502、503、601室": the numbers before the word are flats too.
static bool leads_to_room(const struct mask_text *text, size_t pos)
{
    for (int i = 0; i < 16; i++) {
        size_t after = mask_skip(text, pos, LIST_MARKS, 1);
        struct flat flat = {.run = mask_read_run(text, after)};
        flat.end = flat.run.to;
        if (after == pos || flat.run.n < 3 || flat.run.n > 4)
            return false;
        if (room_word(text, &flat, false))
            return true;
        pos = flat.end;
    }
    return false;
}

// "12号楼502、503漏水": behind a flat and a mark of a list.
static bool follows_flat(const struct mask_text *text, size_t pos)
{
    size_t from;
    return text->last_flat != SIZE_MAX && mask_in(mask_before(text, pos, &from), LIST_MARKS) &&
           from == text->last_flat;
}

// A letter that belongs to the number: 502A, not 380V and not 502ABC.
static size_t skip_letter(const struct mask_text *text, size_t pos)
{
    size_t next, after;
    char32_t point = mask_at(text, pos, &next);
    if (point < U'A' || point > U'H')
        return pos;
    char32_t second = mask_at(text, next, &after);
    return mask_is_letter(second) || mask_digit(second) >= 0 ? pos : next;
}

// The end of the flat whose digits are flat->run, 0 where it is none.
static size_t flat_end(const struct mask_text *text, struct flat *flat)
{
    if (flat->run.n == 0 || flat->run.n > 4)
        return 0;
    flat->end = skip_letter(text, flat->run.to);
    bool inside = flat->place == MASK_PLACE_STRONG;
    size_t end = room_word(text, flat, inside);
    if (!end)
        end = number_word(text, flat);
    if (end)
        return end;
    if (flat->place == MASK_PLACE_NONE && follows_flat(text, flat->run.from)) {
        flat->place = MASK_PLACE_WEAK;
        if (flat->run.n >= 3 && mask_word(text, flat->end, "户")) // "101、102、201户均停水"
            return flat->end;
    }
    if (is_bare_flat(text, flat))
        return flat->end;
    return flat->run.n >= 3 && leads_to_room(text, flat->end) ? flat->end : 0;
}

// "2-1-502" and "3-502": the run of the last part, its place said by the parts before it.
static bool read_chain(const struct mask_text *text, size_t pos, struct flat *ret)
{
    struct mask_run run = mask_read_run(text, pos);
    size_t parts = 1, from, after;
    while (run.n >= 1 && run.n <= 2 && parts < 3) {
        after = mask_skip(text, run.to, U"-－–", 1);
        struct mask_run next = mask_read_run(text, after);
        if (after == run.to || next.n == 0)
            return false;
        run = next;
        parts++;
    }
    if (parts == 1 || run.n < 3 || run.n > 4)
        return false;
    enum mask_place place = mask_place_before(text, pos);
    if (place == MASK_PLACE_NONE && parts == 3)
        place = MASK_PLACE_WEAK;
    if (place == MASK_PLACE_NONE && mask_in(mask_before(text, pos, &from), U"区苑园里村栋庭府城寓"))
        place = MASK_PLACE_WEAK;
    *ret = (struct flat){.run = run, .place = place};
    return true;
}

// "五零二室", "一千二百零三室"; "12号楼五零二".
static bool find_chinese(const struct mask_text *text, size_t pos, size_t *ret_end)
{
    struct flat flat = {.run = {.from = pos, .to = pos}};
    size_t next;
    bool zero = false;
    for (; flat.run.n < 12; flat.run.to = next, flat.run.n++) {
        char32_t point = mask_at(text, flat.run.to, &next);
        if (mask_chinese_digit(point) < 0 && !mask_in(point, U"十百千两"))
            break;
        zero = zero || mask_chinese_digit(point) == 0;
    }
    flat.end = flat.run.to;
    if (flat.run.n < 3)
        return false;
    size_t end = room_word(text, &flat, false);
    if (!end && zero && flat.run.n <= 6 && mask_place_before(text, pos) == MASK_PLACE_STRONG &&
        !mask_counts_after(text, flat.end))
        end = flat.end;
    *ret_end = end;
    return end != 0;
}

bool mask_find_flat(const struct mask_text *text, size_t pos, size_t *ret_from, size_t *ret_end)
{
    struct flat flat;
    size_t digits = pos, next;
    char32_t point = mask_at(text, pos, &next);
    *ret_from = pos;
    if (mask_digit(point) < 0 && !mask_is_letter(point))
        return find_chinese(text, pos, ret_end);
    if (mask_is_letter(point)) // "A502室"
        digits = mask_skip(text, next, U"-－", 1);
    else if (read_chain(text, pos, &flat) && (*ret_end = flat_end(text, &flat)) != 0) {
        *ret_from = flat.run.from;
        return true;
    }
    flat = (struct flat){.run = mask_read_run(text, digits), .place = mask_place_before(text, pos)};
    if (mask_is_letter(point) && flat.run.n < 3)
        return false;
    *ret_end = flat_end(text, &flat);
    return *ret_end != 0;
}
