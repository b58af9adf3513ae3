/* Softmax cross entropy of rows of logits, and its gradient in their place.

   R rows, V words, S >= V numbers from one row of logits to the next. A row is read once and
   written once: its passes run in the caches next to the core, where 10,000 words of float32 have
   room. The passes go over all S numbers, so that where S is a multiple of the vector's width,
   none are left for scalar code: with 50 words those would take half of the time.

   logits         (R, S) without their bias; float32, or bfloat16 where `bfloat16` is set.
                  Overwritten: by softmax - one-hot(target) if bias_gradient is given, else by
                  values of no meaning, as are the S - V numbers after each row.
   bias           (V) float32
   targets        (R) in [0, V), which the caller has checked
   losses         (R) written: -log softmax(logits + bias)[target]
   bias_gradient  (V) float32, to which the sum of the gradient's rows is added; or null
   scratch        (1 + 2 * blocks, S) float32
   blocks         The rows are cut into so many, for as many threads at most. Each block is summed
                  up by itself, so that results do not depend on which thread took which.

   NaN and infinities do what they do in torch.nn.functional.cross_entropy. Exp, to_half and of_bits
   are those of the compiler's maths.h. */

#include <stddef.h>
#include <stdint.h>

struct work {
    void *logits;
    int bfloat16;
    ptrdiff_t rows, words, stride;
    const float *bias; /* (S), minus infinity after the words */
    const int64_t *targets;
    float *losses;
    int want_gradient;
    float *scratch; /* (blocks, 2, S): a row, and what a block adds to the bias gradient */
    unsigned blocks, next_block;
};

static inline float widen(uint16_t x) { return of_bits((unsigned)x << 16); }

/* exp(x) for x <= 0; 1.6e-28 from -64 down, so that no probability is a denormal number, on which
   processors are slow. */
static inline float exponential(float x) { return Exp(x < -64.0f ? -64.0f : x); }

/* row <- row + bias; returns the largest (never NaN). */
static float add_bias(float *restrict row, const float *restrict bias, ptrdiff_t size) {
    float largest = -__builtin_inff();
#pragma omp simd reduction(max : largest)
    for (ptrdiff_t v = 0; v < size; v++) {
        float logit = row[v] + bias[v];
        row[v] = logit;
        largest = logit > largest ? logit : largest;
    }
    return largest;
}

/* row <- from + bias; returns the largest (never NaN). */
static float widen_with_bias(const uint16_t *restrict from, float *restrict row,
                             const float *restrict bias, ptrdiff_t size) {
    float largest = -__builtin_inff();
#pragma omp simd reduction(max : largest)
    for (ptrdiff_t v = 0; v < size; v++) {
        float logit = widen(from[v]) + bias[v];
        row[v] = logit;
        largest = logit > largest ? logit : largest;
    }
    return largest;
}

/* row <- exp(row - largest); returns the sum. */
static float exponentials(float *restrict row, float largest, ptrdiff_t size) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (ptrdiff_t v = 0; v < size; v++) {
        float e = exponential(row[v] - largest);
        row[v] = e;
        sum += e;
    }
    return sum;
}

/* row <- factor * row; total <- total + row */
static void scale(float *restrict row, float factor, float *restrict total, ptrdiff_t size) {
#pragma omp simd
    for (ptrdiff_t v = 0; v < size; v++) {
        float g = row[v] * factor;
        row[v] = g;
        total[v] += g;
    }
}

/* to <- factor * row; total <- total + factor * row, not rounded */
static void scale_and_narrow(const float *restrict row, uint16_t *restrict to, float factor,
                             float *restrict total, ptrdiff_t size) {
#pragma omp simd
    for (ptrdiff_t v = 0; v < size; v++) {
        float g = row[v] * factor;
        to[v] = to_half(g);
        total[v] += g;
    }
}

static void do_row(const struct work *w, ptrdiff_t r, float *row, float *total) {
    uint16_t *narrow_row = (uint16_t *)w->logits + r * w->stride;
    float largest;
    if (w->bfloat16) {
        largest = widen_with_bias(narrow_row, row, w->bias, w->stride);
    } else {
        row = (float *)w->logits + r * w->stride;
        largest = add_bias(row, w->bias, w->stride);
    }
    ptrdiff_t target = w->targets[r];
    float logit = row[target];
    float sum = exponentials(row, largest, w->stride);
    w->losses[r] = __builtin_logf(sum) - (logit - largest);
    if (!w->want_gradient)
        return;
    row[target] -= sum; /* less one, once it is scaled */
    if (w->bfloat16)
        scale_and_narrow(row, narrow_row, 1.0f / sum, total, w->stride);
    else
        scale(row, 1.0f / sum, total, w->stride);
}

/* What was in memory after each row may be NaN. Done for a whole block before its first row is
   read, since vectors that are read soon after one of their numbers was written are slow. */
static void clear_padding(const struct work *w, ptrdiff_t start, ptrdiff_t end) {
    size_t size = w->bfloat16 ? sizeof(uint16_t) : sizeof(float);
    for (ptrdiff_t r = start; r < end; r++)
        __builtin_memset((char *)w->logits + size * (size_t)(r * w->stride + w->words), 0,
                         size * (size_t)(w->stride - w->words));
}

/* What each thread does: take blocks until none is left. */
static void do_blocks(void *argument) {
    struct work *w = argument;
    unsigned block;
    while ((block = __atomic_fetch_add(&w->next_block, 1, __ATOMIC_RELAXED)) < w->blocks) {
        ptrdiff_t start = w->rows * (ptrdiff_t)block / (ptrdiff_t)w->blocks;
        ptrdiff_t end = w->rows * ((ptrdiff_t)block + 1) / (ptrdiff_t)w->blocks;
        float *row = w->scratch + 2 * (ptrdiff_t)block * w->stride;
        float *total = row + w->stride;
        __builtin_memset(total, 0, sizeof *total * (size_t)w->stride);
        clear_padding(w, start, end);
        for (ptrdiff_t r = start; r < end; r++)
            do_row(w, r, row, total);
    }
}

#ifdef __ELF__
/* Of the OpenMP runtime that torch has loaded, so that its threads serve here too; else null. */
extern void GOMP_parallel(void (*)(void *), void *, unsigned, unsigned) __attribute__((weak));
#else
static void (*const GOMP_parallel)(void (*)(void *), void *, unsigned, unsigned) = NULL;
#endif

void archsearch_cross_entropy_rows(void *logits, int bfloat16, ptrdiff_t rows, ptrdiff_t words,
                                   ptrdiff_t stride, const float *bias, const int64_t *targets,
                                   float *losses, float *bias_gradient, float *scratch,
                                   unsigned blocks) {
    float *padded_bias = scratch, *of_blocks = scratch + stride;
    for (ptrdiff_t v = 0; v < stride; v++)
        padded_bias[v] = v < words ? bias[v] : -__builtin_inff();
    struct work w = {
        .logits = logits,
        .bfloat16 = bfloat16,
        .rows = rows,
        .words = words,
        .stride = stride,
        .bias = padded_bias,
        .targets = targets,
        .losses = losses,
        .want_gradient = bias_gradient != NULL,
        .scratch = of_blocks,
        .blocks = blocks,
    };
    if (blocks > 1 && GOMP_parallel)
        GOMP_parallel(do_blocks, &w, blocks, 0);
    else
        do_blocks(&w);
    for (unsigned block = 0; bias_gradient && block < blocks; block++) {
        const float *total = of_blocks + (2 * (ptrdiff_t)block + 1) * stride;
        for (ptrdiff_t v = 0; v < words; v++)
            bias_gradient[v] += total[v];
    }
}
