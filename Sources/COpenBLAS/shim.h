// SPDX-License-Identifier: Apache-2.0
#include <cblas.h>

// LAPACK comes with OpenBLAS, its C header with another package; this is the one routine that Linnet calls.
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);
