// SPDX-License-Identifier: Apache-2.0
// A model's text form, as match_model_parse reads it and model.def is.
#include "match/fit.h"

static void write_part(const struct match_part *part, const char *name, FILE *to)
{
    (void)fprintf(to, "BANDS(%s, %.4f, %.4f)\n", name, part->same, part->perhaps);
    for (size_t i = 0; i < MATCH_FEATURES; i++)
        if (part->weight[i] != 0)
            (void)fprintf(to, "WEIGHT(%s, %s, %.6g)\n", name,
                          match_feature_name((enum match_feature)i), part->weight[i]);
    if (part->points_n > 0)
        (void)fprintf(to, "POINTS(%s, %zu)\n", name, part->points_n);
    for (size_t i = 0; i < part->points_n; i++)
        (void)fprintf(to, "POINT(%s, %zu, %.6f, %.6f)\n", name, i, part->points[i].score,
                      part->points[i].probability);
}

void match_model_write(const struct match_model *model, FILE *to)
{
    (void)fprintf(to,
                  "// SPDX-License-Identifier: Apache-2.0\n"
                  "// A model of services/match: what its lines mean stands in README.md there.\n"
                  "// clang-format off\n");
    (void)fprintf(to, "MODEL(version, %d)\nMODEL(far_m, %d)\nMODEL(window_h, %d)\n", model->version,
                  model->far_m, model->window_h);
    (void)fprintf(to, "MODEL(background, %u)\n", model->background);
    for (size_t s = 0; s < MATCH_SECTIONS; s++)
        write_part(&model->part[s], match_section_name((enum match_section)s), to);
    for (size_t i = 0; i < model->common_n; i++)
        (void)fprintf(to, "COMMON(%u, %u)\n", model->common[i].hash, model->common[i].count);
}
