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

   NaN and infinities do what they do in torch.nn.functional.cross_entropy. */

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

static inline float from_bits(uint32_t bits) {
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t to_bits(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float widen(uint16_t x) { return from_bits((uint32_t)x << 16); }

/* To the nearest bfloat16, ties to even. */
static inline uint16_t narrow(float x) {
    uint32_t bits = to_bits(x);
    return x != x ? 0x7fc0 : (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/* exp(x) for x <= 0, within 2e-7 of itself; 1.6e-28 from -64 down, so that no probability is a
   denormal number, on which processors are slow. NaN stays NaN.

   exp(x) = 2^n exp(r) with n the integer nearest to x / ln 2, thus |r| <= ln(2) / 2. Adding
   1.5 * 2^23 rounds to an integer and leaves n in the lowest bits, where 127 more make it the
   exponent of 2^n. ln 2 comes in two parts, the first with few digits, which keeps r exact. The
   polynomial is minimax in relative error (Remez), its first two coefficients rounded to 1: its
   own error is below 1e-8. */
static inline float exponential(float x) {
    const float shift = 12582912.0f + 127.0f;
    x = x < -64.0f ? -64.0f : x;
    float shifted = x * 1.44269504f + shift;
    float n = shifted - shift;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 0.00138368353f;
    p = p * r + 0.00837482419f;
    p = p * r + 0.0416682251f;
    p = p * r + 0.166664198f;
    p = p * r + 0.499999911f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    return p * from_bits(to_bits(shifted) << 23);
}

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
        to[v] = narrow(g);
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
