// SPDX-License-Identifier: Apache-2.0
// The two fittings by themselves: logistic regression by Newton's method (iteratively reweighted
// least squares) and isotonic regression. Features are standardised first, so that the penalty
// means the same for each.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "match/fit.h"

#define K MATCH_FEATURES
#define STEPS 50
#define SMALL_STEP 1e-8
#define LOGIT_MAX 30.0

struct newton {
    const struct match_sample *samples;
    size_t n, k;
    double c;
    double mean[K], scale[K]; // scale 0: the column never changes
    double b[K];              // of standardised columns; b[0] the constant's
    double slope[K], curve[K][K];
};

static void standardise(struct newton *newton)
{
    for (size_t j = 1; j < newton->k; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < newton->n; i++)
            sum += (double)newton->samples[i].columns[j];
        newton->mean[j] = sum / (double)newton->n;
        for (size_t i = 0; i < newton->n; i++) {
            double off = (double)newton->samples[i].columns[j] - newton->mean[j];
            squares += off * off;
        }
        newton->scale[j] = sqrt(squares / (double)newton->n);
        if (newton->scale[j] < 1e-9)
            newton->scale[j] = 0;
    }
}

static void standard(const struct newton *newton, const struct match_sample *sample, double *z)
{
    z[0] = 1;
    for (size_t j = 1; j < newton->k; j++)
        z[j] = newton->scale[j] > 0
                   ? ((double)sample->columns[j] - newton->mean[j]) / newton->scale[j]
                   : 0;
}

// The likelihood's slope and curvature at b.
static void derive(struct newton *newton)
{
    size_t k = newton->k;
    memset(newton->slope, 0, sizeof newton->slope);
    memset(newton->curve, 0, sizeof newton->curve);
    for (size_t i = 0; i < newton->n; i++) {
        const struct match_sample *sample = &newton->samples[i];
        double z[K], logit = 0;
        standard(newton, sample, z);
        for (size_t j = 0; j < k; j++)
            logit += newton->b[j] * z[j];
        double p = 1 / (1 + exp(-fmax(-LOGIT_MAX, fmin(LOGIT_MAX, logit))));
        double off = sample->weight * (sample->positive - p), bend = sample->weight * p * (1 - p);
        for (size_t j = 0; j < k; j++) {
            newton->slope[j] += off * z[j];
            for (size_t l = 0; l <= j; l++)
                newton->curve[j][l] += bend * z[j] * z[l];
        }
    }
    for (size_t j = 0; j < k; j++) {
        bool fixed = j > 0 && newton->scale[j] == 0;
        newton->slope[j] -= j > 0 ? newton->b[j] / newton->c : 0;
        newton->curve[j][j] += fixed ? 1 : j > 0 ? 1 / newton->c : 1e-9;
    }
}

// Solves curve · x = slope by Cholesky's decomposition, x into slope. False: not definite.
static bool solve(struct newton *newton)
{
    size_t k = newton->k;
    for (size_t j = 0; j < k; j++) {
        for (size_t l = 0; l <= j; l++) {
            double sum = newton->curve[j][l];
            for (size_t m = 0; m < l; m++)
                sum -= newton->curve[j][m] * newton->curve[l][m];
            if (j == l && !(sum > 0))
                return false;
            newton->curve[j][l] = j == l ? sqrt(sum) : sum / newton->curve[l][l];
        }
    }
    for (size_t j = 0; j < k; j++) {
        for (size_t m = 0; m < j; m++)
            newton->slope[j] -= newton->curve[j][m] * newton->slope[m];
        newton->slope[j] /= newton->curve[j][j];
    }
    for (size_t j = k; j-- > 0;) {
        for (size_t m = j + 1; m < k; m++)
            newton->slope[j] -= newton->curve[m][j] * newton->slope[m];
        newton->slope[j] /= newton->curve[j][j];
    }
    return true;
}

static bool climb(struct newton *newton)
{
    for (int step = 0; step < STEPS; step++) {
        double longest = 0;
        derive(newton);
        if (!solve(newton))
            return false;
        for (size_t j = 0; j < newton->k; j++)
            longest = fmax(longest, fabs(newton->slope[j]));
        if (!isfinite(longest))
            return false;
        double share = longest > 4 ? 4 / longest : 1; // never a leap
        for (size_t j = 0; j < newton->k; j++)
            newton->b[j] += share * newton->slope[j];
        if (longest < SMALL_STEP)
            return true;
    }
    return true;
}

int match_logistic(const struct match_sample *samples, size_t n, size_t k, double c, double *ret_b)
{
    struct newton *newton = calloc(1, sizeof *newton);
    if (!newton)
        return WH_E_NOMEM;
    *newton = (struct newton){.samples = samples, .n = n, .k = k, .c = c};
    bool good = n > 0;
    if (good) {
        standardise(newton);
        good = climb(newton);
    }
    if (good) {
        ret_b[0] = newton->b[0];
        for (size_t j = 1; j < k; j++) {
            ret_b[j] = newton->scale[j] > 0 ? newton->b[j] / newton->scale[j] : 0;
            ret_b[0] -= ret_b[j] * newton->mean[j];
        }
    }
    free(newton);
    return good ? 0 : WH_E_RANGE;
}

static void join(double *score, double *value, double *weight, size_t i)
{
    double whole = weight[i] + weight[i + 1];
    score[i] = (score[i] * weight[i] + score[i + 1] * weight[i + 1]) / whole;
    value[i] = (value[i] * weight[i] + value[i + 1] * weight[i + 1]) / whole;
    weight[i] = whole;
}

size_t match_isotonic(double *score, double *value, double *weight, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        score[left] = score[i];
        value[left] = value[i];
        weight[left++] = weight[i];
        for (; left > 1 && value[left - 2] >= value[left - 1]; left--)
            join(score, value, weight, left - 2);
    }
    return left;
}
