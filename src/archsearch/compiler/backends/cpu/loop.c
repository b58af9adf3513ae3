/* The time loops of a recurrent layer: matrix products, and the kernels of a cell between them. It
 * knows no cell; what a step does is a list of operations.
 *
 * Shapes: T time steps, B batch, H hidden features (`width`).
 * Memory belongs to the caller. Nothing is allocated here, nothing is kept.
 */
enum { CALL, MULTIPLY, MULTIPLY_HALF, SCALE, CLEAR };

/* CALL: kernel. MULTIPLY, and MULTIPLY_HALF in bfloat16: result (B, columns) = operand (B, depth) ·
 * matrix + start, unless it is negative, + what is there, if `add`. SCALE: result (+)= operand ∘
 * mask. CLEAR: result = 0. operand, result: numbers of slots. from: the first time step at which it
 * runs.
 *
 * The matrix is packed from `number` weights, those at addresses[first] and behind: one below the
 * other, or, `as_columns`, their rows as columns, side by side. The start is the biases at
 * addresses[biases] and behind, zeros where that is NULL. Both have room in the workspace, so many
 * bytes from its begin on. The mask (B, columns) is at addresses[first]. */
typedef struct {
    long kind, operand, result, depth, columns, add, from;
    long first, number, as_columns, matrix, biases, start;
    Kernel *kernel;
} Operation;

/* addresses: of the weights, biases and masks of this call. scratch_size: of real, a thread.
 * is_packed: whether the workspace is that of an earlier call with the same weights. */
typedef struct {
    const Operation *operations;
    const Slot *slots;
    const real *const *addresses;
    char *workspace;
    real *scratch;
    long num_operations, num_steps, backward, batch, width, num_threads, scratch_size;
    long is_packed;
} Loop;

/* ---- before the loop: weights and biases as the products read them -------------------------- */

static void pack_matrix(const Operation *it, const Loop *loop)
{
    const long half = it->kind == MULTIPLY_HALF;
    void *packed = loop->workspace + it->matrix;
    if (half) /* what stands around halves is multiplied too */
        memset(packed, 0, packed_half_size(it->depth, it->columns) * sizeof(Half));
    for (long i = 0; i < it->number; i++) {
        const real *weight = loop->addresses[it->first + i];
        const long below = it->depth / it->number, beside = it->columns / it->number;
        if (half && it->as_columns)
            pack_half_rows_as_columns(weight, beside, it->depth, i * beside, packed,
                                      (Half *)loop->scratch);
        else if (half)
            pack_half_rows(weight, below, it->columns, i * below, it->depth, packed,
                           (Half *)loop->scratch);
        else if (it->as_columns)
            pack_rows_as_columns(weight, beside, it->depth, i * beside, it->columns, packed);
        else
            pack_rows(weight, below, it->columns, i * below, it->depth, packed);
    }
}

static void line_up_biases(const Operation *it, const Loop *loop)
{
    const long height = it->columns / it->number;
    real *start = (real *)(loop->workspace + it->start);
    for (long i = 0; i < it->number; i++, start += height) {
        const real *bias = loop->addresses[it->biases + i];
        if (bias)
            memcpy(start, bias, height * sizeof(real));
        else
            memset(start, 0, height * sizeof(real));
    }
}

static void prepare(const Loop *loop)
{
    for (long k = 0; k < loop->num_operations; k++) {
        const Operation *it = &loop->operations[k];
        if (it->kind != MULTIPLY && it->kind != MULTIPLY_HALF)
            continue;
        pack_matrix(it, loop);
        if (it->start >= 0)
            line_up_biases(it, loop);
    }
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void scale(const Operation *it, const Loop *loop, long t, long first, long last)
{
    for (long b = first; b < last; b++) {
        const real *operand = row(&loop->slots[it->operand], t, b);
        const real *mask = loop->addresses[it->first] + b * it->columns;
        real *result = row(&loop->slots[it->result], t, b);
        for (long j = 0; j < it->columns; j++)
            result[j] = operand[j] * mask[j] + (it->add ? result[j] : 0);
    }
}

static void perform(const Operation *it, const Loop *loop, long t, long first, long last,
                    real *scratch)
{
    const Slot *operand = &loop->slots[it->operand], *result = &loop->slots[it->result];
    const void *matrix = loop->workspace + it->matrix;
    const real *start = it->start < 0 ? NULL : (const real *)(loop->workspace + it->start);
    switch (it->kind) {
    case CALL:
        it->kernel(loop->slots, t, first, last, loop->width, scratch);
        break;
    case MULTIPLY:
        multiply(last - first, it->depth, it->columns, row(operand, t, first), operand->row, matrix,
                 row(result, t, first), result->row, start, it->add != 0);
        break;
    case MULTIPLY_HALF:
        multiply_half(last - first, it->depth, it->columns, row(operand, t, first), operand->row,
                      matrix, row(result, t, first), result->row, start, it->add != 0,
                      (Half *)scratch);
        break;
    case SCALE:
        scale(it, loop, t, first, last);
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
    if (!loop->is_packed)
        prepare(loop);
    if (threads > 1 && GOMP_parallel && omp_get_num_threads && omp_get_thread_num) {
        GOMP_parallel(run_share, (void *)loop, (unsigned)threads, 0);
        return;
    }
    const typeof(flush_denormals()) before = flush_denormals();
    run_rows(loop, 0, loop->batch, loop->scratch);
    restore_denormals(before);
}
