/* The time loops of a recurrent layer: matrix products, and the kernels of a cell between them. It
 * knows no cell; what a step does is a list of operations.
 *
 * Shapes: T time steps, B batch, H hidden features (`width`).
 * Memory belongs to the caller. Nothing is allocated here, nothing is kept.
 */
enum { CALL, MULTIPLY, MULTIPLY_HALF, SCALE, CLEAR };

/* CALL: kernel. MULTIPLY, and MULTIPLY_HALF in bfloat16: result (B, columns) = operand (B, depth) ·
 * packed matrix + the row `start` (columns), unless NULL, + what is there, if `add`.
 * SCALE: result (+)= operand ∘ matrix (B, H). CLEAR: result = 0.
 * from: the first time step at which the operation runs. */
typedef struct {
    long kind, operand, result, depth, columns, add, from;
    const void *matrix;
    const real *start;
    Kernel *kernel;
} Operation;

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
    case MULTIPLY_HALF:
        multiply_half(last - first, it->depth, it->columns, row(operand, t, first), operand->row,
                      it->matrix, row(result, t, first), result->row, it->start, it->add != 0,
                      (Half *)scratch);
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

/* ---- packing -------------------------------------------------------------------------------- */

/* Bytes of a packed matrix. `half`: for MULTIPLY_HALF; it is to be filled with zeros first. */
long packed_bytes(long depth, long columns, long half)
{
    return half ? packed_half_size(depth, columns) * (long)sizeof(Half)
                : packed_size(depth, columns) * (long)sizeof(real);
}

/* Put `number` weights (height, width) into a packed matrix (depth, columns): one below the other, or,
 * `as_columns`, their rows as columns, side by side. scratch, for halves: width + 32 of them. */
void pack(const real *const *weights, long number, long height, long width, long depth, long columns,
          long as_columns, long half, void *packed, void *scratch)
{
    for (long i = 0; i < number; i++)
        if (half && as_columns)
            pack_half_rows_as_columns(weights[i], height, depth, i * height, packed, scratch);
        else if (half)
            pack_half_rows(weights[i], height, width, i * height, depth, packed, scratch);
        else if (as_columns)
            pack_rows_as_columns(weights[i], height, depth, i * height, columns, packed);
        else
            pack_rows(weights[i], height, width, i * height, depth, packed);
}
