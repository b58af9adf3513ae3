/* How kernels and the time loop find values in memory. */

/* Where a key lives: step t, row b is data[((t + shift) & turns)·step + b·row], H numbers from
 * there on. turns is −1 where every step has its own row, 1 where two take turns, 0 for one. */
typedef struct {
    real *data;
    long step, row, shift, turns;
} Slot;

static inline real *row(const Slot *slot, long t, long b)
{
    return slot->data + ((t + slot->shift) & slot->turns) * slot->step + b * slot->row;
}

/* Rows first … last − 1 of step t; scratch: this thread's. */
typedef void Kernel(const Slot *slots, long t, long first, long last, long width, real *scratch);
