/* The same of bfloat16 numbers with float sums, on the tiles of AMX.
 *
 * Intel Architecture Instruction Set Extensions Reference (2020), chapter 3. A tile has up to 16
 * rows of 64 bytes. TDPBF16PS adds to 16×16 floats the product of 16×32 numbers of the operand and
 * 32×16 of the matrix; the latter lie in pairs, two neighbours of a column side by side.
 */
#if defined(__AMX_BF16__) && defined(__AVX512BF16__) && defined(__linux__) && !defined(DOUBLE)

#include <sys/syscall.h>
#include <unistd.h>

#define SIDE 16             /* rows and columns of a tile of sums */
#define DEPTH 32            /* how many products go into one sum at a time */
#define TILE (SIDE * DEPTH) /* numbers in a tile of the operand, or of the matrix */
#define BLOCK_ROWS (2 * SIDE)

typedef float Sums __attribute__((vector_size(4 * SIDE), aligned(sizeof(float)), may_alias));
typedef Half Halves __attribute__((vector_size(2 * SIDE), aligned(sizeof(Half)), may_alias));

static inline long rounded_up(long n, long to) { return (n + to - 1) / to * to; }

static inline void halve(const float *from, long count, Half *to)
{
    long i = 0;
    for (; i + SIDE <= count; i += SIDE)
        __asm__("vcvtneps2bf16 %1, %0"
                : "=v"(*(Halves *)(to + i))
                : "v"(*(const Sums *)(from + i)));
    for (; i < count; i++)
        to[i] = to_half(from[i]);
}

/* The kernel lets a process use tiles once it has asked. */
int has_bfloat16_products(void)
{
    return syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18 /* tile data */) == 0;
}

static long packed_half_size(long depth, long columns)
{
    return rounded_up(depth, DEPTH) * rounded_up(columns, SIDE);
}

/* A packed matrix has its tiles down the depth, then to the right. A row of a tile has two numbers
 * of each of 16 columns, k and k + 1, which one word holds: this is the word of k = 0. */
static inline unsigned *column_of(Half *packed, long depth, long column)
{
    return (unsigned *)(packed + column / SIDE * rounded_up(depth, DEPTH) * SIDE) + column % SIDE;
}

/* As `pack_rows_as_columns` of products.c. The caller has filled `packed` with zeros, for what
 * stands beyond the depth is multiplied too. scratch: one row of the depth, rounded up to DEPTH. */
static void pack_half_rows_as_columns(const float *weight, long rows, long depth, long first,
                                      Half *packed, Half *scratch)
{
    memset(scratch + depth, 0, (rounded_up(depth, DEPTH) - depth) * sizeof(Half));
    for (long r = 0; r < rows; r++) {
        halve(weight + r * depth, depth, scratch);
        unsigned *to = column_of(packed, depth, first + r);
        for (long k = 0; k < depth; k += 2)
            to[k / 2 * SIDE] = scratch[k] | (unsigned)scratch[k + 1] << 16;
    }
}

/* As `pack_rows`, with the same zeros. scratch: one row of the columns, rounded up to SIDE. */
static void pack_half_rows(const float *weight, long rows, long columns, long first, long depth,
                           Half *packed, Half *scratch)
{
    memset(scratch + columns, 0, (rounded_up(columns, SIDE) - columns) * sizeof(Half));
    for (long r = 0; r < rows; r++) {
        const long k = first + r;
        halve(weight + r * columns, columns, scratch);
        for (long j = 0; j < columns; j += SIDE) {
            unsigned *to = column_of(packed, depth, j) + k / 2 * SIDE;
            for (long i = 0; i < SIDE; i++)
                to[i] |= (unsigned)scratch[j + i] << 16 * (k % 2);
        }
    }
}

#define LOAD(tile, from, stride)                                                                   \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #tile                                            \
                     :                                                                             \
                     : "r"(from), "r"((long)(stride))                                              \
                     : "memory")
#define STORE(tile, to, stride)                                                                    \
    __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1,1)"                                        \
                     :                                                                             \
                     : "r"(to), "r"((long)(stride))                                                \
                     : "memory")
#define ZERO(tile)                                                                                 \
    __asm__ volatile("tilezero %%tmm" #tile ::)
#define DOT(sums, operand, matrix)                                                                 \
    __asm__ volatile("tdpbf16ps %%tmm" #matrix ", %%tmm" #operand ", %%tmm" #sums ::)

/* Tiles 0 to 3 are sums, 4 and 5 of the operand, 6 and 7 of the matrix. */
static void configure_tiles(long operand_rows)
{
    struct {
        unsigned char palette, start_row, reserved[14];
        unsigned short row_bytes[16];
        unsigned char rows[16];
    } setting = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        setting.row_bytes[tile] = 64;
        setting.rows[tile] = (unsigned char)(tile < 6 ? operand_rows : SIDE);
    }
    __asm__ volatile("ldtilecfg %0" ::"m"(setting) : "memory");
}

/* Two tiles of rows times one or two tiles of columns, all of the depth, into sums[4][16][16]. */
static void tile_product(long tiles, const Half *operand, long operand_row, long height,
                         const Half *left, const Half *right, float *sums)
{
    const Half *lower = operand + height * operand_row;
    const long stride = operand_row * (long)sizeof(Half);
    ZERO(0);
    ZERO(1);
    ZERO(2);
    ZERO(3);
    for (long k = 0; k < tiles; k++) {
        LOAD(4, operand + k * DEPTH, stride);
        LOAD(6, left + k * TILE, 64);
        DOT(0, 4, 6);
        LOAD(5, lower + k * DEPTH, stride);
        DOT(2, 5, 6);
        if (right) {
            LOAD(7, right + k * TILE, 64);
            DOT(1, 4, 7);
            DOT(3, 5, 7);
        }
    }
    STORE(0, sums, 64);
    STORE(1, sums + 256, 64);
    STORE(2, sums + 512, 64);
    STORE(3, sums + 768, 64);
}

/* to = the first `width` columns of a row of sums + start, unless that is NULL, + to, if `add`. */
static inline void add_sums(float *to, const float *sums, const float *start, int add, long width)
{
    if (width >= SIDE) {
        *(Sums *)to = *(const Sums *)sums + (add ? *(const Sums *)to : (Sums){0}) +
                      (start ? *(const Sums *)start : (Sums){0});
        return;
    }
    for (long i = 0; i < width; i++)
        to[i] = sums[i] + (add ? to[i] : 0) + (start ? start[i] : 0);
}

/* Rows of the operand as they are multiplied, and rows and columns of zeros around them. */
static void halve_operand(const float *operand, long operand_row, long rows, long depth,
                          long padded_rows, long padded_depth, Half *to)
{
    for (long r = 0; r < padded_rows; r++, operand += operand_row, to += padded_depth) {
        const long filled = r < rows ? depth : 0;
        halve(operand, filled, to);
        memset(to + filled, 0, (padded_depth - filled) * sizeof(Half));
    }
}

/* As `multiply` of products.c. scratch: BLOCK_ROWS rows of the depth, rounded up to DEPTH. */
static void multiply_half(long rows, long depth, long columns, const float *operand,
                          long operand_row, const Half *packed, float *result, long result_row,
                          const float *start, int add, Half *scratch)
{
    const long blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    const long height = (rows + 2 * blocks - 1) / (2 * blocks); /* rows of a tile */
    const long padded = rounded_up(depth, DEPTH), tiles = padded / DEPTH;
    float sums[4][SIDE][SIDE] __attribute__((aligned(64)));
    configure_tiles(height);
    for (long first = 0; first < rows; first += 2 * height) {
        const long block = rows - first < 2 * height ? rows - first : 2 * height;
        float *block_result = result + first * result_row;
        halve_operand(operand + first * operand_row, operand_row, block, depth, 2 * height, padded,
                      scratch);
        for (long j = 0; j < columns; j += 2 * SIDE) {
            const Half *left = packed + j / SIDE * tiles * TILE;
            const Half *right = columns - j > SIDE ? left + tiles * TILE : NULL;
            tile_product(tiles, scratch, padded, height, left, right, sums[0][0]);
            for (long r = 0; r < block; r++) {
                float *to = block_result + r * result_row + j;
                const float (*of_row)[SIDE][SIDE] = (const void *)(sums + (r < height ? 0 : 2));
                const long line = r < height ? r : r - height;
                add_sums(to, of_row[0][line], start ? start + j : NULL, add, columns - j);
                if (right)
                    add_sums(to + SIDE, of_row[1][line], start ? start + j + SIDE : NULL, add,
                             columns - j - SIDE);
            }
        }
    }
    __asm__ volatile("tilerelease" ::);
}

#else /* no tiles: has_bfloat16_products() says so, and nobody asks for the rest */

int has_bfloat16_products(void) { return 0; }
static long packed_half_size(long depth, long columns)
{
    (void)depth, (void)columns;
    __builtin_trap();
}
static void pack_half_rows_as_columns(const real *weight, long rows, long depth, long first,
                                      Half *packed, Half *scratch)
{
    (void)weight, (void)rows, (void)depth, (void)first, (void)packed, (void)scratch;
    __builtin_trap();
}
static void pack_half_rows(const real *weight, long rows, long columns, long first, long depth,
                           Half *packed, Half *scratch)
{
    (void)weight, (void)rows, (void)columns, (void)first, (void)depth, (void)packed, (void)scratch;
    __builtin_trap();
}
static void multiply_half(long rows, long depth, long columns, const real *operand,
                          long operand_row, const Half *packed, real *result, long result_row,
                          const real *start, int add, Half *scratch)
{
    (void)rows, (void)depth, (void)columns, (void)operand, (void)operand_row, (void)packed;
    (void)result, (void)result_row, (void)start, (void)add, (void)scratch;
    __builtin_trap();
}

#endif
