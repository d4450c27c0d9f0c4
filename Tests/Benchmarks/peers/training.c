// SPDX-License-Identifier: Apache-2.0
// A straight C loop: trains a dense autoencoder with Adam, products by OpenBLAS on one thread, from the weights and with
// the batches that Linnet wrote. Prints one JSON object like the others.
//
//   training DIRECTORY ROWS BATCH EPOCHS WIDTH...
#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { most = 16 };

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int ascending(const void *left, const void *right) {
    double difference = *(const double *)left - *(const double *)right;
    return (difference > 0) - (difference < 0);
}

static void *read_file(const char *directory, const char *name, size_t bytes) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    void *memory = malloc(bytes);
    if (!file || !memory || fread(memory, 1, bytes, file) != bytes) exit(1);
    fclose(file);
    return memory;
}

static float *zeros(size_t count) {
    float *memory = calloc(count, sizeof(float));
    if (!memory) exit(1);
    return memory;
}

int main(int count, char **words) {
    if (count < 7 || count > 5 + most) return 64;
    const int rows = atoi(words[2]), batch = atoi(words[3]), epochs = atoi(words[4]), layers = count - 6;
    int widths[most];
    size_t offsets[most], parameters = 0;
    for (int i = 0; i <= layers; i++) widths[i] = atoi(words[5 + i]);
    for (int l = 0; l < layers; l++) {
        offsets[l] = parameters;
        parameters += (size_t)(widths[l] + 1) * widths[l + 1];
    }
    const int width = widths[0];
    float *w = read_file(words[1], "weights.f32", parameters * sizeof(float));
    const int *order = read_file(words[1], "order.i32", (size_t)rows * (epochs + 1) * sizeof(int));
    float *g = zeros(parameters), *m = zeros(parameters), *v = zeros(parameters), *data = zeros((size_t)rows * width);
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < width; c++) {
            data[r * width + c] = (float)(sin(0.011 * r + 0.37 * c) + 0.5 * sin(0.0031 * r * (1 + c % 5)));
        }
    }
    float *y[most + 1], *d[most + 1];
    for (int l = 0; l <= layers; l++) {
        y[l] = zeros((size_t)batch * widths[l]);
        d[l] = zeros((size_t)batch * widths[l]);
    }
    openblas_set_num_threads(1);
    double *times = calloc(epochs, sizeof *times), power1 = 1, power2 = 1, loss = 0;
    for (int epoch = 0; epoch <= epochs; epoch++) {
        const double start = seconds();
        loss = 0;
        for (int first = 0; first < rows; first += batch) {
            const int n = rows - first < batch ? rows - first : batch;
            for (int r = 0; r < n; r++) {
                const float *from = data + (size_t)order[epoch * rows + first + r] * width;
                for (int c = 0; c < width; c++) y[0][r * width + c] = from[c];
            }
            for (int l = 0; l < layers; l++) {
                const int in = widths[l], out = widths[l + 1];
                const float *bias = w + offsets[l] + (size_t)in * out;
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasTrans, n, out, in, 1, y[l], in, w + offsets[l], in, 0, y[l + 1], out);
                for (int r = 0; r < n; r++) {
                    float *row = y[l + 1] + r * out;
                    if (l + 1 < layers) {
                        for (int c = 0; c < out; c++) row[c] = row[c] + bias[c] > 0 ? row[c] + bias[c] : 0;
                    } else {
                        for (int c = 0; c < out; c++) row[c] += bias[c];
                    }
                }
            }
            float sum = 0;
            const float factor = 2.0f / (float)(n * width);
            for (int i = 0; i < n * width; i++) {
                const float e = y[layers][i] - y[0][i];
                sum += e * e;
                d[layers][i] = factor * e;
            }
            loss += (double)sum / width;
            for (int l = layers - 1; l >= 0; l--) {
                const int in = widths[l], out = widths[l + 1];
                float *delta = d[l + 1], *slope = g + offsets[l], *bias = slope + (size_t)in * out;
                if (l + 1 < layers) {
                    for (int i = 0; i < n * out; i++) delta[i] = y[l + 1][i] > 0 ? delta[i] : 0;
                }
                cblas_sgemm(
                    CblasRowMajor, CblasTrans, CblasNoTrans, out, in, n, 1, delta, out, y[l], in, 0, slope, in);
                for (int c = 0; c < out; c++) bias[c] = 0;
                for (int r = 0; r < n; r++) {
                    for (int c = 0; c < out; c++) bias[c] += delta[r * out + c];
                }
                if (l > 0) {
                    cblas_sgemm(
                        CblasRowMajor, CblasNoTrans, CblasNoTrans, n, in, out, 1, delta, out, w + offsets[l], in, 0, d[l],
                        in);
                }
            }
            power1 *= 0.9;
            power2 *= 0.999;
            const float rate = (float)(1e-3 / (1 - power1)), correction = (float)(1 / sqrt(1 - power2));
            for (size_t i = 0; i < parameters; i++) {
                m[i] = 0.9f * m[i] + 0.1f * g[i];
                v[i] = 0.999f * v[i] + 0.001f * g[i] * g[i];
                w[i] -= rate * m[i] / (sqrtf(v[i]) * correction + 1e-8f);
            }
        }
        if (epoch > 0) times[epoch - 1] = seconds() - start;
    }
    qsort(times, epochs, sizeof *times, ascending);
    printf("{\"samplesPerSecond\": %.3f, \"loss\": %.9f}\n", rows / times[(epochs - 1) / 2], loss / rows);
    return 0;
}
