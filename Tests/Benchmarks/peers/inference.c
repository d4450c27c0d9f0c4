// SPDX-License-Identifier: Apache-2.0
// A straight C loop: a dense autoencoder, one row at a time, from weights that Linnet wrote. The inner loop runs over the
// outputs, over weights that were transposed beforehand, so that the compiler can use vectors.
//
//   inference WEIGHTS ROWS PASSES WIDTH...
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { most = 16, widest = 1024 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

typedef struct {
    int inputs, outputs;
    float *weights, *bias;
} layer;

static const float *run(const layer *layers, int count, const float *x, float (*memory)[widest]) {
    for (int l = 0; l < count; l++) {
        float *restrict y = memory[l & 1];
        const int outputs = layers[l].outputs;
        memcpy(y, layers[l].bias, (size_t)outputs * sizeof *y);
        for (int i = 0; i < layers[l].inputs; i++) {
            const float value = x[i], *restrict w = layers[l].weights + (size_t)i * outputs;
            for (int o = 0; o < outputs; o++) y[o] += value * w[o];
        }
        if (l + 1 < count) {
            for (int o = 0; o < outputs; o++) y[o] = y[o] > 0 ? y[o] : 0;
        }
        x = y;
    }
    return x;
}

int main(int count, char **words) {
    if (count < 6 || count > 4 + most) return 64;
    const int rows = atoi(words[2]), passes = atoi(words[3]), depth = count - 5;
    layer layers[most];
    FILE *file = fopen(words[1], "rb");
    if (!file) return 1;
    for (int l = 0; l < depth; l++) {
        const int inputs = atoi(words[4 + l]), outputs = atoi(words[5 + l]);
        if (inputs > widest || outputs > widest) return 64;
        const size_t size = (size_t)inputs * outputs;
        float *read = malloc(size * sizeof *read), *bias = malloc((size_t)outputs * sizeof *bias);
        float *turned = malloc(size * sizeof *turned);
        if (!read || !bias || !turned || fread(read, sizeof *read, size, file) != size) return 1;
        if (fread(bias, sizeof *bias, (size_t)outputs, file) != (size_t)outputs) return 1;
        for (int i = 0; i < inputs; i++) {
            for (int o = 0; o < outputs; o++) turned[(size_t)i * outputs + o] = read[(size_t)o * inputs + i];
        }
        free(read);
        layers[l] = (layer){inputs, outputs, turned, bias};
    }
    fclose(file);
    const int width = layers[0].inputs;
    float *data = malloc((size_t)rows * width * sizeof *data);
    double *times = malloc((size_t)rows * passes * sizeof *times), sum = 0;
    if (!data || !times) return 1;
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < width; c++) {
            data[r * width + c] = (float)(sin(0.011 * r + 0.37 * c) + 0.5 * sin(0.0031 * r * (1 + c % 5)));
        }
    }
    static float memory[2][widest];
    const int all = rows * passes;
    for (int n = 0; n < all; n++) {
        const float *x = data + (size_t)(n % rows) * width;
        const double start = seconds();
        const float *y = run(layers, depth, x, memory);
        times[n] = (seconds() - start) * 1e6;
        for (int c = 0; c < width; c++) sum += y[c];
    }
    qsort(times, all, sizeof *times, ascending);
    printf(
        "{\"p50\": %.6f, \"p99\": %.6f, \"check\": %.9f}\n", times[all / 2], times[(size_t)all * 99 / 100],
        sum / all / width);
    return 0;
}
