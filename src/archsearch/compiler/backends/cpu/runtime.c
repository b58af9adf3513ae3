/* The time loops of a recurrent layer: matrix products on packed weights, and the kernels of a cell
 * between them. It knows no cell; what a step does is a list of operations.
 *
 * Shapes: T time steps, B batch, H hidden features (`width`).
 * Memory belongs to the caller. Nothing is allocated here, nothing is kept.
 */
#include <string.h>

enum { CALL, MULTIPLY, MULTIPLY_BFLOAT16, SCALE, CLEAR };

/* CALL: kernel. MULTIPLY: result (B, columns) = start + operand (B, depth) · packed matrix, where
 * `add` takes what is there as the start, else it is the row `start` (columns), or zero if NULL.
 * SCALE: result (+)= operand ∘ matrix (B, H). CLEAR: result = 0.
 * from: the first time step at which the operation runs. */
typedef struct {
    long kind, operand, result, depth, columns, add, from;
    const void *matrix;
    const real *start;
    Kernel *kernel;
} Operation;

/* ---- matrix products ------------------------------------------------------------------------ */

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define TILE_ROWS 14 /* of 32 registers 28 hold sums, 2 weights, 1 a number of the operand */
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#define TILE_ROWS 6
#elif defined(__aarch64__)
#define VECTOR_BYTES 16
#define TILE_ROWS 12
#else
#define VECTOR_BYTES 16
#define TILE_ROWS 6
#endif
#define LANES (VECTOR_BYTES / (long)sizeof(real))
#define PANEL (2 * LANES)
#define AHEAD (16 * PANEL) /* how far weights are fetched before they are needed: L3 is far */

typedef real Vector __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(real)), may_alias));

/* A packed matrix (depth, columns) is cut into panels of PANEL columns, the last of them of LANES
 * where that is enough; a panel has its rows one after the other. What stands beyond the matrix does not matter. */
static long panel_width(long columns_left)
{
    return columns_left > LANES ? PANEL : LANES;
}

long packed_size(long depth, long columns)
{
    const long rest = columns % PANEL;
    return depth * (columns - rest + (rest > LANES ? PANEL : rest > 0 ? LANES : 0));
}

/* Columns first … first + rows − 1 of a packed matrix are the rows of `weight` (rows, depth). */
void pack_transposed(const real *weight, long rows, long depth, long first, long columns, real *packed)
{
    for (long r = 0; r < rows; r++) {
        const long panel = (first + r) / PANEL * PANEL, lane = first + r - panel;
        const long width = panel_width(columns - panel);
        real *to = packed + panel * depth + lane;
        for (long k = 0; k < depth; k++)
            to[k * width] = weight[r * depth + k];
    }
}

/* Rows first … first + rows − 1 of a packed matrix (depth, columns) are those of `weight`. */
void pack(const real *weight, long rows, long columns, long first, long depth, real *packed)
{
    for (long panel = 0; panel < columns; panel += PANEL) {
        const long width = panel_width(columns - panel);
        const long filled = columns - panel < width ? columns - panel : width;
        real *to = packed + panel * depth + first * width;
        for (long r = 0; r < rows; r++, to += width)
            memcpy(to, weight + r * columns + panel, filled * sizeof(real));
    }
}

/* `rows` rows of the operand times one panel, its sums in registers; vectors: 1 or 2 a panel row. */
static inline __attribute__((always_inline)) void tile(
    const int rows, const int vectors, long depth, const real *operand, long operand_row,
    const real *panel, real *result, long result_row, long columns, const real *start, int add)
{
    Vector sums[TILE_ROWS][2] = {0};
    for (long k = 0; k < depth; k++, panel += vectors * LANES) {
        Vector weights[2];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            __builtin_prefetch(panel + AHEAD + v * LANES);
            weights[v] = *(const Vector *)(panel + v * LANES);
        }
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++)
                sums[r][v] += operand[r * operand_row + k] * weights[v];
    }
    if (columns >= vectors * LANES) {
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++) {
                Vector *to = (Vector *)(result + r * result_row + v * LANES);
                *to = sums[r][v] + (add ? *to : start ? *(const Vector *)(start + v * LANES) : (Vector){0});
            }
        return;
    }
    real spilled[TILE_ROWS][PANEL];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++)
            *(Vector *)(spilled[r] + v * LANES) = sums[r][v];
    for (int r = 0; r < rows; r++)
        for (long j = 0; j < columns; j++) {
            real *to = result + r * result_row + j;
            *to = spilled[r][j] + (add ? *to : start ? start[j] : 0);
        }
}

#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (columns > LANES)                                                                       \
            tile(n, 2, depth, operand, operand_row, panel, result, result_row, columns, start, add); \
        else                                                                                       \
            tile(n, 1, depth, operand, operand_row, panel, result, result_row, columns, start, add); \
        break;

static void rows_by_panel(
    long rows, long depth, const real *operand, long operand_row, const real *panel, real *result,
    long result_row, long columns, const real *start, int add)
{
    switch (rows) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if TILE_ROWS > 6
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#endif
#if TILE_ROWS > 12
        CASE(13) CASE(14)
#endif
    }
}

/* Goto & van de Geijn 2008, Anatomy of High-Performance Matrix Multiplication, with all of the
 * operand in the nearest cache: a batch is small. A panel serves all rows while it is near. */
static void multiply(
    long rows, long depth, long columns, const real *operand, long operand_row, const real *packed,
    real *result, long result_row, const real *start, int add)
{
    const long groups = (rows + TILE_ROWS - 1) / TILE_ROWS;
    for (long j = 0; j < columns; j += PANEL)
        for (long g = 0; g < groups; g++) {
            const long first = rows * g / groups, last = rows * (g + 1) / groups;
            rows_by_panel(last - first, depth, operand + first * operand_row, operand_row,
                          packed + j * depth, result + first * result_row + j, result_row,
                          columns - j, start ? start + j : NULL, add);
        }
}

/* ---- the time loop -------------------------------------------------------------------------- */

typedef struct {
    const Operation *operations;
    const Slot *slots;
    long num_operations, num_steps, backward, batch, width, num_threads, scratch_size;
    real *scratch; /* (num_threads, scratch_size) */
} Loop;

static void scale(const Operation *it, const Slot *slots, long t, long first, long last, long width)
{
    for (long b = first; b < last; b++) {
        const real *operand = row(&slots[it->operand], t, b);
        const real *mask = (const real *)it->matrix + b * width;
        real *result = row(&slots[it->result], t, b);
        for (long j = 0; j < width; j++)
            result[j] = operand[j] * mask[j] + (it->add ? result[j] : 0);
    }
}

static void perform(const Operation *it, const Loop *loop, long t, long first, long last, real *scratch)
{
    const Slot *operand = &loop->slots[it->operand], *result = &loop->slots[it->result];
    switch (it->kind) {
    case CALL:
        it->kernel(loop->slots, t, first, last, loop->width, scratch);
        break;
    case MULTIPLY:
        multiply(last - first, it->depth, it->columns, row(operand, t, first), operand->row,
                 it->matrix, row(result, t, first), result->row, it->start, it->add != 0);
        break;
    case SCALE:
        scale(it, loop->slots, t, first, last, loop->width);
        break;
    case CLEAR:
        for (long b = first; b < last; b++)
            memset(row(result, t, b), 0, loop->width * sizeof(real));
        break;
    }
}

/* Rows of a batch do not depend on each other, so a thread takes its rows through all of time and
 * waits for nobody. */
static void run_rows(const Loop *loop, long first, long last, real *scratch)
{
    for (long i = 0; i < loop->num_steps; i++) {
        const long t = loop->backward ? loop->num_steps - 1 - i : i;
        for (long k = 0; k < loop->num_operations; k++)
            if (t >= loop->operations[k].from)
                perform(&loop->operations[k], loop, t, first, last, scratch);
    }
}

/* Numbers too small for a full mantissa cost a hundred times others; they are taken as zero. */
#if defined(__SSE__)
static unsigned flush_denormals(void)
{
    const unsigned before = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(before | 0x8040);
    return before;
}
static void restore_denormals(unsigned before) { __builtin_ia32_ldmxcsr(before); }
#elif defined(__aarch64__)
static unsigned long flush_denormals(void)
{
    unsigned long before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | 1ul << 24));
    return before;
}
static void restore_denormals(unsigned long before)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
}
#else
static unsigned flush_denormals(void) { return 0; }
static void restore_denormals(unsigned before) { (void)before; }
#endif

/* The OpenMP library that torch has loaded, if it has: its threads are there already. */
extern void GOMP_parallel(void (*function)(void *), void *, unsigned threads, unsigned flags)
    __attribute__((weak));
extern int omp_get_thread_num(void) __attribute__((weak));
extern int omp_get_num_threads(void) __attribute__((weak));

static void run_share(void *data)
{
    const Loop *loop = data;
    const long threads = omp_get_num_threads(), thread = omp_get_thread_num();
    const long first = loop->batch * thread / threads, last = loop->batch * (thread + 1) / threads;
    const typeof(flush_denormals()) before = flush_denormals();
    if (first < last)
        run_rows(loop, first, last, loop->scratch + thread * loop->scratch_size);
    restore_denormals(before);
}

void run(const Loop *loop)
{
    const long threads = loop->num_threads < loop->batch ? loop->num_threads : loop->batch;
    if (threads > 1 && GOMP_parallel && omp_get_num_threads && omp_get_thread_num) {
        GOMP_parallel(run_share, (void *)loop, (unsigned)threads, 0);
        return;
    }
    const typeof(flush_denormals()) before = flush_denormals();
    run_rows(loop, 0, loop->batch, loop->scratch);
    restore_denormals(before);
}
