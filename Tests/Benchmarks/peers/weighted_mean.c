// SPDX-License-Identifier: Apache-2.0
// A straight C loop: the weighted mean of N vectors of P floats, summed in double. Prints the median of its runs.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

int main(int count, char **words) {
    if (count != 4) return 64;
    size_t n = strtoul(words[1], NULL, 10), p = strtoul(words[2], NULL, 10), repeats = strtoul(words[3], NULL, 10);
    float **updates = malloc(n * sizeof *updates);
    double *sums = malloc(p * sizeof *sums), *times = malloc(repeats * sizeof *times);
    float *mean = malloc(p * sizeof *mean);
    if (!updates || !sums || !times || !mean || repeats == 0) return 1;
    for (size_t i = 0; i < n; i++) {
        updates[i] = malloc(p * sizeof **updates);
        if (!updates[i]) return 1;
        for (size_t j = 0; j < p; j++) updates[i][j] = (float)((i * 31 + j * 17) % 1009) / 1009;
    }
    for (size_t run = 0; run < repeats; run++) {
        double start = seconds(), total = 0;
        for (size_t j = 0; j < p; j++) sums[j] = 0;
        for (size_t i = 0; i < n; i++) {
            double weight = (double)(100 + i);
            const float *update = updates[i];
            for (size_t j = 0; j < p; j++) sums[j] += weight * update[j];
            total += weight;
        }
        for (size_t j = 0; j < p; j++) mean[j] = (float)(sums[j] / total);
        times[run] = seconds() - start;
    }
    qsort(times, repeats, sizeof *times, ascending);
    printf("{\"seconds\": %.9f, \"check\": %.6f}\n", times[(repeats - 1) / 2], mean[p / 2]);
    return 0;
}
