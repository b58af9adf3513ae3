/* Matrix products of a few rows with a packed matrix, the sums in registers.
 *
 * Goto & van de Geijn 2008, Anatomy of High-Performance Matrix Multiplication, with the whole
 * operand in the nearest cache, since a batch is small. The weights are the same at every time
 * step, so they are packed once for all of them.
 */
#include <string.h>

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
 * where that is enough; a panel has its rows one after the other. What stands beyond the matrix
 * does not matter. */
static long panel_width(long columns_left) { return columns_left > LANES ? PANEL : LANES; }

_Static_assert(PANEL <= 32, "encoding.py reserves room for columns rounded up to 32");

/* Columns first … first + rows − 1 of a packed matrix are the rows of `weight` (rows, depth). */
static void pack_rows_as_columns(const real *weight, long rows, long depth, long first,
                                 long columns, real *packed)
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
static void pack_rows(const real *weight, long rows, long columns, long first, long depth,
                      real *packed)
{
    for (long panel = 0; panel < columns; panel += PANEL) {
        const long width = panel_width(columns - panel);
        const long filled = columns - panel < width ? columns - panel : width;
        real *to = packed + panel * depth + first * width;
        for (long r = 0; r < rows; r++, to += width)
            memcpy(to, weight + r * columns + panel, filled * sizeof(real));
    }
}

/* `rows` rows of the operand times one panel, its sums in registers; vectors: 1 or 2 wide. */
static inline __attribute__((always_inline)) void
tile(const int rows, const int vectors, long depth, const real *operand, long operand_row,
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
                *to = sums[r][v] + (add ? *to : (Vector){0}) +
                      (start ? *(const Vector *)(start + v * LANES) : (Vector){0});
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
            *to = spilled[r][j] + (add ? *to : 0) + (start ? start[j] : 0);
        }
}

#define CASE(n)                                                                                    \
    case n:                                                                                        \
        if (columns > LANES)                                                                       \
            tile(n, 2, depth, operand, operand_row, panel, result, result_row, columns, start,     \
                 add);                                                                             \
        else                                                                                       \
            tile(n, 1, depth, operand, operand_row, panel, result, result_row, columns, start,     \
                 add);                                                                             \
        break;

static void rows_by_panel(long rows, long depth, const real *operand, long operand_row,
                          const real *panel, real *result, long result_row, long columns,
                          const real *start, int add)
{
    switch (rows) { /* clang-format off */
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if TILE_ROWS > 6
        CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#endif
#if TILE_ROWS > 12
        CASE(13) CASE(14)
#endif
    } /* clang-format on */
}

/* result (rows, columns) = operand (rows, depth) · packed + the row `start`, unless that is NULL, +
 * what is there, if `add`. A panel serves all rows while it is near. */
static void multiply(long rows, long depth, long columns, const real *operand, long operand_row,
                     const real *packed, real *result, long result_row, const real *start, int add)
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
