/*
 * f = Sigmoid(Linear(x_t, h_tm1));
 * n = Tanh(Linear(x_t, Mult(h_tm1, f)));
 * h_t = Add(Mult(h_tm1, OneMinus(f)), Mult(f, n))
 *
 * sequence:
 *     %0 = x_t
 *   products (%0) -> (%2, %3):
 *     %1 = product %0 [w0 + b0, w2 + b1]
 *     %2 = block %1 [0]
 *     %3 = block %1 [1]
 * step:
 *     %4 = h_tm1
 *   products (%2, %4) -> (%5):
 *     %5 = product %4 [w1 + %2]
 *   region (%4, %5) -> (%6, %7):
 *     %6 = Sigmoid %5
 *     %7 = Mult %4, %6
 *   products (%3, %7) -> (%8):
 *     %8 = product %7 [w3 + %3]
 *   region (%4, %6, %8) -> (%13):
 *     %9 = OneMinus %6
 *     %10 = Mult %4, %9
 *     %11 = Tanh %8
 *     %12 = Mult %6, %11
 *     %13 = Add %10, %12
 * yield h = %13
 */
void step_6(const Slot *slots, long t, long first, long last, long width,
            real *scratch)
{
    (void)scratch;
    for (long b = first; b < last; b++) {
        const real *V4 = row(&slots[13], t, b);
        const real *V5 = row(&slots[14], t, b);
        real *V6 = row(&slots[18], t, b);
        real *V7 = row(&slots[20], t, b);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real v6 = Sigmoid(V5[j]); /* %6 = Sigmoid %5 */
            const real v7 = V4[j] * v6; /* %7 = Mult %4, %6 */
            V6[j] = v6;
            V7[j] = v7;
        }
    }
}

void step_9(const Slot *slots, long t, long first, long last, long width,
            real *scratch)
{
    (void)scratch;
    for (long b = first; b < last; b++) {
        const real *V4 = row(&slots[13], t, b);
        const real *V6 = row(&slots[18], t, b);
        const real *V8 = row(&slots[16], t, b);
        real *V11 = row(&slots[22], t, b);
        real *V13 = row(&slots[10], t, b);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real v9 = 1 - V6[j]; /* %9 = OneMinus %6 */
            const real v10 = V4[j] * v9; /* %10 = Mult %4, %9 */
            const real v11 = Tanh(V8[j]); /* %11 = Tanh %8 */
            const real v12 = V6[j] * v11; /* %12 = Mult %6, %11 */
            const real v13 = v10 + v12; /* %13 = Add %10, %12 */
            V11[j] = v11;
            V13[j] = v13;
        }
    }
}

void step_9_gradient(const Slot *slots, long t, long first, long last, long width,
                     real *scratch)
{
    (void)scratch;
    for (long b = first; b < last; b++) {
        const real *V4 = row(&slots[13], t, b);
        const real *V6 = row(&slots[18], t, b);
        const real *V11 = row(&slots[22], t, b);
        const real *DY = row(&slots[3], t, b);
        const real *DH_T = row(&slots[11], t, b);
        real *D4 = row(&slots[12], t, b);
        real *D6 = row(&slots[19], t, b);
        real *D8 = row(&slots[17], t, b);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real v9 = 1 - V6[j]; /* %9 = OneMinus %6 */
            const real d13 = DY[j] + DH_T[j]; /* gradient of %13 */
            const real d11 = d13 * V6[j]; /* gradient of %11 */
            const real d9 = d13 * V4[j]; /* gradient of %9 */
            D4[j] = d13 * v9;
            D6[j] = (d13 * V11[j]) + (-d9);
            D8[j] = d11 * (1 - (V11[j] * V11[j]));
        }
    }
}

void step_6_gradient(const Slot *slots, long t, long first, long last, long width,
                     real *scratch)
{
    (void)scratch;
    for (long b = first; b < last; b++) {
        const real *V4 = row(&slots[13], t, b);
        const real *V6 = row(&slots[18], t, b);
        const real *D6 = row(&slots[19], t, b);
        const real *D7 = row(&slots[21], t, b);
        real *D4 = row(&slots[12], t, b);
        real *D5 = row(&slots[15], t, b);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real d6 = D6[j] + (D7[j] * V4[j]); /* gradient of %6 */
            D4[j] += D7[j] * V6[j];
            D5[j] = (d6 * V6[j]) * (1 - V6[j]);
        }
    }
}
